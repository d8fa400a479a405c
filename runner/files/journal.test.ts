import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openJournal } from './journal.ts';
import { mayMount } from './testing/may-mount.ts';

const identity = { suite: 'a', seed: 1 };
const value = {
  code: Uint8Array.of(1, 2),
  distance: Float64Array.of(0.1),
  images: Float32Array.of(-0, 1 / 3),
  kept: new Int32Array(),
  seconds: 2,
};
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parapet-journal-'));
  path = join(folder, 'deep', 'run.journal');
});
afterEach(() => rm(folder, { recursive: true }));

async function write(keys: readonly string[]): Promise<void> {
  const journal = await openJournal(path, identity, 'refuse');
  for (const key of keys) await journal.append(key, value);
  await journal.close();
}

async function keys(): Promise<string[]> {
  const journal = await openJournal(path, identity, 'refuse');
  await journal.close();
  return journal.keys();
}

describe('journal', () => {
  it('gives back what was recorded, typed arrays bit by bit, in another process’s stead', async () => {
    await write(['one', 'two']);
    const journal = await openJournal(path, identity, 'refuse');
    expect(journal.keys()).toEqual(['one', 'two']);
    expect(journal.get('two')).toEqual(value);
    expect(journal.get('three')).toBeUndefined();
    await journal.close();
  });

  it('keeps every whole record wherever the file is torn, and goes on after it', async () => {
    await write(['one', 'two']);
    const whole = await readFile(path);
    const firstEnd = whole.indexOf('\n', whole.indexOf('\n') + 1) + 1;
    for (const length of [whole.length - 1, whole.length - 20, firstEnd + 5, firstEnd]) {
      await writeFile(path, whole);
      await truncate(path, length);
      expect(await keys()).toEqual(['one']);
      await write(['three']);
      expect(await keys()).toEqual(['one', 'three']);
    }
  });

  it('does not trust a record whose bytes were changed, nor what follows it', async () => {
    await write(['one', 'two', 'three']);
    const bytes = await readFile(path);
    const at = bytes.indexOf('two') + 40;
    bytes[at] = (bytes[at] as number) ^ 1;
    await writeFile(path, bytes);
    expect(await keys()).toEqual(['one']);
  });

  it('cuts off garbage at the end', async () => {
    await write(['one']);
    const { size } = await stat(path);
    await appendFile(path, '\0'.repeat(100));
    expect(await keys()).toEqual(['one']);
    expect((await stat(path)).size).toBe(size);
  });

  it('begins anew, or refuses, when something that decides the numbers is another, and names it', async () => {
    await write(['one']);
    const other = { ...identity, seed: 2 };
    await expect(openJournal(path, other, 'refuse')).rejects.toThrow(/another seed/);
    expect(await keys()).toEqual(['one']);
    const journal = await openJournal(path, other, 'begin-anew');
    expect(journal.discarded).toEqual(['seed']);
    expect(journal.keys()).toEqual([]);
    await journal.close();
    await expect(openJournal(path, identity, 'refuse')).rejects.toMatchObject({ kind: 'integrity' });
  });

  it('says in one line when the disk cannot be written', async () => {
    await writeFile(join(folder, 'deep'), 'a file where a folder is wanted');
    await expect(openJournal(path, identity, 'refuse')).rejects.toMatchObject({ kind: 'infrastructure' });
  });

  it.runIf(mayMount())('keeps every record that a really full disk took, and goes on when there is room', async () => {
    const disk = join(folder, 'disk');
    await mkdir(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]);
    try {
      path = join(disk, 'run.journal');
      const journal = await openJournal(path, identity, 'refuse');
      const taken: string[] = [];
      const large = { images: new Float32Array(2000) };
      const fill = async () => {
        for (let i = 0; i < 20; i++) {
          await journal.append(`${i}`, large);
          taken.push(`${i}`);
        }
      };
      await expect(fill()).rejects.toThrow('the disk is full (ENOSPC)');
      await journal.close();
      expect(taken.length).toBeGreaterThan(0);
      expect(await keys()).toEqual(taken);
      execFileSync('mount', ['-o', 'remount,size=1m', disk]);
      await write(['more']);
      expect(await keys()).toEqual([...taken, 'more']);
    } finally {
      execFileSync('umount', [disk]);
    }
  });

  it('says that the disk is full, and keeps what it has', async () => {
    await write(['one']);
    const journal = await openJournal(path, identity, 'refuse');
    const handle = await open(path);
    const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    const append = vi.spyOn(Object.getPrototypeOf(handle), 'appendFile').mockRejectedValueOnce(full);
    await expect(journal.append('two', value)).rejects.toThrow(/the disk is full/);
    append.mockRestore();
    await handle.close();
    await journal.close();
    expect(await keys()).toEqual(['one']);
  });
});
