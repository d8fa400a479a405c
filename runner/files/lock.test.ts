import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { acquireLock, withLock } from './lock.ts';
import { ownerState, thisProcess } from './lock-owner.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parapet-lock-'));
  path = join(folder, 'run.lock');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const onLinux = process.platform === 'linux';
const module = fileURLToPath(new URL('./lock.ts', import.meta.url));

/** The id of a process that has ended. */
function deadPid(): number {
  return Number(execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }));
}

async function leaveBehind(change: object): Promise<void> {
  await writeFile(path, JSON.stringify({ ...(await thisProcess()), token: 'left', ...change }));
}

describe('a lock', () => {
  test('is held by one at a time; a second is told who holds it and how to go on', async () => {
    const release = await acquireLock(path);
    await expect(acquireLock(path)).rejects.toMatchObject({
      kind: 'infrastructure',
      message: `${path}: process ${process.pid} is at work on it`,
      hint: expect.stringContaining('delete that file'),
    });
    await release();
    expect(await readdir(folder)).toEqual([]);
    await withLock(path, async () => undefined);
  });

  test('is given back when the work fails', async () => {
    await expect(withLock(path, () => Promise.reject(new Error('work')))).rejects.toThrow('work');
    expect(await readdir(folder)).toEqual([]);
  });

  test('those who wait come one after the other, and are told once', async () => {
    let inside = 0;
    let told = 0;
    const work = async () => {
      expect(++inside).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 20));
      inside--;
    };
    await Promise.all([1, 2, 3].map(() => withLock(path, work, { onWait: () => told++ })));
    expect(told).toBe(2);
  });

  test('waiting ends with the signal', async () => {
    const release = await acquireLock(path);
    const signal = AbortSignal.timeout(50);
    await expect(acquireLock(path, { onWait: () => undefined, signal })).rejects.toMatchObject({ kind: 'interrupted' });
    await release();
  });

  test('of a process that is gone is broken, as is a broken attempt to break it', async () => {
    await leaveBehind({ pid: deadPid() });
    await writeFile(`${path}.break`, await readFile(path));
    const release = await acquireLock(path);
    await release();
    expect(await readdir(folder)).toEqual([]);
  });

  test.skipIf(!onLinux)('of a process whose id another has now is broken (needs Linux: start times)', async () => {
    await leaveBehind({ started: '1' });
    await (await acquireLock(path))();
  });

  test.skipIf(!onLinux)('from before the machine was started again is broken (needs Linux: boot ids)', async () => {
    await leaveBehind({ boot: 'another' });
    await (await acquireLock(path))();
  });

  test('of another machine or container, or one that cannot be read, is never broken', async () => {
    await leaveBehind({ pid: deadPid(), place: 'elsewhere pid:[1]' });
    await expect(acquireLock(path)).rejects.toMatchObject({ kind: 'infrastructure' });
    await writeFile(path, '');
    await expect(acquireLock(path)).rejects.toThrow('another process is at work');
  });

  test('is not taken away by one who lost it', async () => {
    const release = await acquireLock(path);
    await leaveBehind({});
    await release();
    expect(await readdir(folder)).toEqual(['run.lock']);
  });

  test('a stale one that many processes break at once goes to one after the other', { timeout: 120_000 }, async () => {
    await leaveBehind({ pid: deadPid() });
    const log = join(folder, 'log');
    const script = `
      import { appendFileSync, closeSync, openSync, rmSync } from 'node:fs';
      import { withLock } from ${JSON.stringify(module)};
      await withLock(${JSON.stringify(path)}, async () => {
        closeSync(openSync(${JSON.stringify(`${path}.inside`)}, 'wx'));
        await new Promise((resolve) => setTimeout(resolve, 20));
        rmSync(${JSON.stringify(`${path}.inside`)});
        appendFileSync(${JSON.stringify(log)}, 'x');
      }, { onWait() {} });`;
    const children = Array.from({ length: 4 }, () => {
      const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', script], {
        stdio: ['ignore', 'ignore', 'pipe'],
        cwd: fileURLToPath(new URL('.', import.meta.url)),
      });
      return new Promise<number | null>((resolve) => child.on('close', resolve));
    });
    expect(await Promise.all(children)).toEqual([0, 0, 0, 0]);
    expect(await readFile(log, 'utf8')).toBe('xxxx');
  });
});

test('this process is alive, and it is only gone for certain', async () => {
  const me = await thisProcess();
  expect(await ownerState(me)).toBe('alive');
  expect(await ownerState({ ...me, pid: deadPid() })).toBe('gone');
});
