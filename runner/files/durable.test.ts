import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type DurableDisk, writeDurable } from './durable.ts';
import { mayMount } from './testing/may-mount.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parapet-durable-'));
  path = join(folder, 'result.json');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const sound: DurableDisk = { open, rename, rm: (file) => rm(file, { force: true }) };

/** A disk on which one call fails. */
function failing(call: 'open' | 'write' | 'sync' | 'rename', code: string): DurableDisk {
  const fault = async () => {
    throw Object.assign(new Error(code), { code, syscall: call });
  };
  if (call === 'rename') return { ...sound, rename: fault };
  if (call === 'open') return { ...sound, open: fault };
  return {
    ...sound,
    async open(file, flags) {
      const handle = await open(file, flags);
      return {
        writeFile: async (bytes: Uint8Array) => {
          await handle.writeFile(call === 'write' ? bytes.subarray(0, 2) : bytes);
          if (call === 'write') await fault();
        },
        sync: call === 'sync' ? fault : () => handle.sync(),
        close: () => handle.close(),
      } as Awaited<ReturnType<DurableDisk['open']>>;
    },
  };
}

describe('writeDurable', () => {
  test('writes, replaces, and makes the folders it needs', async () => {
    const deep = join(folder, 'a', 'b', 'c.json');
    await writeDurable(deep, 'old');
    await writeDurable(deep, Uint8Array.of(1, 2));
    expect([...(await readFile(deep))]).toEqual([1, 2]);
    expect(await readdir(join(folder, 'a', 'b'))).toEqual(['c.json']);
  });

  test.each([
    ['open', 'EMFILE'],
    ['open', 'EROFS'],
    ['write', 'ENOSPC'],
    ['write', 'EDQUOT'],
    ['sync', 'EIO'],
    ['rename', 'EACCES'],
  ] as const)('%s failing with %s: one clear error, the old file as it was, no other file left', async (call, code) => {
    await writeFile(path, 'old');
    const writing = writeDurable(path, new TextEncoder().encode('new contents'), failing(call, code));
    await expect(writing).rejects.toMatchObject({
      kind: 'infrastructure',
      message: expect.stringMatching(new RegExp(`^cannot write ${path}: .* \\(${code}\\)$`)),
      hint: expect.any(String),
    });
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['result.json']);
  });

  test('a file where a folder is wanted is said so', async () => {
    await writeFile(path, 'old');
    await expect(writeDurable(join(path, 'x'), 'new')).rejects.toThrow('a file stands where a folder is wanted');
  });

  test('a limit on file sizes, kept by the kernel, is one clear error too', async () => {
    await writeFile(path, 'old');
    const script = `
      import { writeDurable } from ${JSON.stringify(fileURLToPath(new URL('./durable.ts', import.meta.url)))};
      await writeDurable(${JSON.stringify(path)}, new Uint8Array(1_000_000)).catch(({ kind, message }) => console.log(kind, message));`;
    const shell = 'trap "" XFSZ; ulimit -f 8; exec "$0" --input-type=module-typescript --eval "$1"';
    const output = execFileSync('sh', ['-c', shell, process.execPath, script], {
      encoding: 'utf8',
      cwd: fileURLToPath(new URL('.', import.meta.url)),
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    expect(output).toMatch(/^infrastructure cannot write .*: it is larger than a file may be here \(EFBIG\)\n$/);
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['result.json']);
  });

  test.runIf(mayMount())('a disk that is really full: a small tmpfs, where this process may mount one', async () => {
    const disk = join(folder, 'disk');
    await mkdir(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]);
    try {
      const file = join(disk, 'result.json');
      await writeDurable(file, 'old');
      await expect(writeDurable(file, new Uint8Array(1_000_000))).rejects.toThrow('the disk is full (ENOSPC)');
      expect(await readFile(file, 'utf8')).toBe('old');
      expect(await readdir(disk)).toEqual(['result.json']);
    } finally {
      execFileSync('umount', [disk]);
    }
  });
});
