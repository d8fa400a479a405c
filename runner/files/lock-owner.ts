import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';

/** A process, told apart from every other that had or will have its id. */
export interface LockOwner {
  readonly pid: number;
  /** When it started, in the kernel's ticks since boot; null where the system does not say. */
  readonly started: string | null;
  /** Where its id means something: the machine and, on Linux, the process namespace (a container has its own). */
  readonly place: string;
  /** Identity of this start of the machine; null where the system does not say. */
  readonly boot: string | null;
}

/** @returns who is asking */
export async function thisProcess(): Promise<LockOwner> {
  const [started, boot, namespace] = await Promise.all([startTime(process.pid), bootId(), processNamespace()]);
  return { pid: process.pid, started, boot, place: `${hostname()} ${namespace}` };
}

/**
 * @returns 'gone' only when that is certain: a process on another machine or in another container counts as alive
 */
export async function ownerState(owner: LockOwner): Promise<'alive' | 'gone'> {
  const me = await thisProcess();
  if (owner.place.split(' ')[0] !== me.place.split(' ')[0]) return 'alive';
  if (owner.boot !== me.boot) return 'gone';
  if (owner.place !== me.place) return 'alive';
  if (!exists(owner.pid)) return 'gone';
  const started = await startTime(owner.pid);
  return owner.started !== null && started !== null && owner.started !== started ? 'gone' : 'alive';
}

export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Field 22 of /proc/PID/stat; the name before it may hold spaces and brackets, so counting starts after the last one. */
async function startTime(pid: number): Promise<string | null> {
  const stat = await text(`/proc/${pid}/stat`);
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A zombie has ended; nobody has asked for its exit code yet.
  return fields[0] === 'Z' ? 'ended' : (fields[19] ?? null);
}

async function bootId(): Promise<string | null> {
  return (await text('/proc/sys/kernel/random/boot_id'))?.trim() ?? null;
}

async function processNamespace(): Promise<string> {
  return readlink('/proc/self/ns/pid').catch(() => '');
}

async function text(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch(() => null);
}
