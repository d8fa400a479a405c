import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bySystemd, foldersOf, inFolder } from './cgroup.ts';
import { kernelMemoryBytes } from './limits.ts';
import { tight } from './testing/hostile-pool.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parapet cgroup '));
});
afterEach(() => rmSync(folder, { recursive: true }));

const put = (name: string, text: string) => writeFileSync(join(folder, name), text);

describe('a group is looked for', () => {
  it.each([
    [
      '30 24 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw',
      '/user.slice/a.scope',
      '/user.slice/a.scope',
      '/user.slice',
    ],
    ['30 24 0:26 /docker/x /sys/fs/cgroup rw - cgroup2 cgroup rw', '/docker/x/y', '/y', ''],
  ])('where this process is, and beside it: %s', (mount, own, here, beside) => {
    put('mountinfo', `22 24 0:20 / /proc rw - proc proc rw\n${mount}\n`);
    put('cgroup', `0::${own}\n`);
    expect(foldersOf(folder)).toEqual([`/sys/fs/cgroup${here}`, `/sys/fs/cgroup${beside}`]);
  });

  it('and not where there are none of version 2, or no /proc', () => {
    put('mountinfo', '41 32 0:29 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n');
    put('cgroup', '8:pids:/\n');
    expect(foldersOf(folder)).toEqual([]);
    expect(foldersOf(join(folder, 'nowhere'))).toEqual([]);
  });
});

describe('a group of one’s own', () => {
  it('has the limits before the command runs in it, with its arguments as they are', () => {
    put('cgroup.subtree_control', 'cpu memory pids\n');
    const { command } = inFolder(folder).confine(['/bin/sh', '-c', 'echo "$0" "$1" $$', 'a b', "c'd"], tight);
    const { stdout } = spawnSync(command[0] as string, command.slice(1), { encoding: 'utf8' });
    const [group = ''] = readdirSync(folder).filter((name) => name.startsWith('parapet-'));
    const read = (name: string) => readFileSync(join(folder, group, name), 'utf8').trim();
    // The process that joined is the one that the command became.
    expect(stdout).toBe(`a b c'd ${read('cgroup.procs')}\n`);
    expect(read('memory.max')).toBe(String(kernelMemoryBytes(tight)));
    expect([read('memory.swap.max'), read('pids.max')]).toEqual(['0', '120']);
    expect(readFileSync(join(folder, 'cgroup.subtree_control'), 'utf8')).toBe('cpu memory pids\n');
  });

  it('is given the controllers that it needs', () => {
    put('cgroup.subtree_control', '');
    inFolder(folder).confine(['true'], tight);
    expect(readFileSync(join(folder, 'cgroup.subtree_control'), 'utf8')).toBe('+memory +pids');
  });

  it('that cannot be made is no group: the next way is tried', () => {
    mkdirSync(join(folder, 'cgroup.subtree_control'));
    expect(() => inFolder(folder).confine(['true'], tight)).toThrow();
    expect(readdirSync(folder)).toEqual(['cgroup.subtree_control']);
  });
});

it('systemd is told the same limits', () => {
  const { command } = bySystemd.confine(['bwrap', '--version'], tight);
  expect(command.slice(-3)).toEqual(['--', 'bwrap', '--version']);
  expect(command).toEqual(
    expect.arrayContaining(['--scope', `--property=MemoryMax=${kernelMemoryBytes(tight)}`, '--property=TasksMax=120']),
  );
});
