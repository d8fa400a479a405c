/**
 * Control groups, version 2: limits that the kernel holds for a worker and all that descends from it, together. A limit of processes for each
 * user, as RLIMIT_NPROC is, does not hold for root, and RLIMIT_DATA counts neither shared memory nor several processes as one.
 *
 * Source: Linux, Documentation/admin-guide/cgroup-v2.rst; systemd.resource-control(5).
 */
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { kernelMemoryBytes, kernelThreads, type Limits } from './limits.ts';

/** A command that is run within a group of its own. */
export interface Confined {
  readonly command: readonly string[];
  /** Ends what is left in the group and takes it away; to be called when the command has ended. */
  leave(): void;
}

/** A way to make groups on this machine. */
export interface ControlGroups {
  /** 'folder': this process may make them by itself; 'systemd': the service manager does. */
  readonly by: 'folder' | 'systemd';
  confine(command: readonly string[], limits: Limits): Confined;
}

let found: ControlGroups | null | undefined;

/** @returns the way that works on this machine, found out once by using it; null where there is none */
export function controlGroups(): ControlGroups | null {
  found ??=
    process.platform === 'linux' ? ([...foldersOf('/proc/self').map(inFolder), bySystemd].find(works) ?? null) : null;
  return found;
}

/** Whether a command comes to lie in the group, and still has the descriptors that it was given. */
function works(way: ControlGroups): boolean {
  const limits = { memoryBytes: 2 ** 28, threads: 64 } as Limits;
  try {
    const { command, leave } = way.confine(['/bin/sh', '-c', 'cat /proc/self/cgroup >&3'], limits);
    const [program, ...args] = command as [string, ...string[]];
    const stdio = ['ignore', 'ignore', 'ignore', 'pipe'] as const;
    const { output, status } = spawnSync(program, args, { stdio: [...stdio], timeout: 5000, encoding: 'utf8' });
    leave();
    return status === 0 && /^0::.*\/parapet-/m.test(output?.[3] ?? '');
  } catch {
    return false;
  }
}

/**
 * Where groups may be made: in that of this process or, since one that has processes cannot have groups with limits, beside it.
 * @param process folder of /proc
 */
export function foldersOf(process: string): string[] {
  try {
    const mount = / (\/\S*) (\/\S*) \S+ .*- cgroup2 /.exec(readFileSync(`${process}/mountinfo`, 'utf8'));
    const own = /^0::(\/.*)$/m.exec(readFileSync(`${process}/cgroup`, 'utf8'))?.[1];
    const [, root = '', point = ''] = mount ?? [];
    if (mount === null || own === undefined) return [];
    const here = join(point, root !== '/' && own.startsWith(root) ? own.slice(root.length) : own);
    return here === point ? [here] : [here, dirname(here)];
  } catch {
    return [];
  }
}

/** @param parent folder of a group that this process may write to */
export function inFolder(parent: string): ControlGroups {
  return {
    by: 'folder',
    confine(command, limits) {
      const control = join(parent, 'cgroup.subtree_control');
      if (!/\bmemory\b.*\bpids\b/.test(readFileSync(control, 'utf8'))) writeFileSync(control, '+memory +pids');
      const group = join(parent, nameOf());
      mkdirSync(group);
      const leave = () => {
        try {
          writeFileSync(join(group, 'cgroup.kill'), '1');
          rmdirSync(group);
        } catch {
          // It still has a process that ends by itself; an empty group costs nothing.
        }
      };
      try {
        writeFileSync(join(group, 'memory.max'), String(kernelMemoryBytes(limits)));
        writeFileSync(join(group, 'pids.max'), String(kernelThreads(limits)));
        // Where there is no swap there is no such file.
        try {
          writeFileSync(join(group, 'memory.swap.max'), '0');
        } catch {}
      } catch (error) {
        leave();
        throw error;
      }
      // It goes in before it becomes the command, so that no descendant is ever outside.
      const enter = 'echo $$ > "$0/cgroup.procs" && exec "$@"';
      return { command: ['/bin/sh', '-c', enter, group, ...command], leave };
    },
  };
}

export const bySystemd: ControlGroups = {
  by: 'systemd',
  confine(command, limits) {
    const manager = process.getuid?.() === 0 ? [] : ['--user'];
    const properties = {
      MemoryMax: kernelMemoryBytes(limits),
      MemorySwapMax: 0,
      TasksMax: kernelThreads(limits),
    };
    return {
      command: [
        ...['systemd-run', ...manager, '--scope', '--quiet', '--collect', `--unit=${nameOf()}`],
        ...Object.entries(properties).map(([name, value]) => `--property=${name}=${value}`),
        ...['--', ...command],
      ],
      // With its last process systemd takes it away.
      leave() {},
    };
  },
};

function nameOf(): string {
  return `parapet-${randomUUID()}`;
}
