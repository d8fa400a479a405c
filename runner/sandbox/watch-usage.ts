import { readdirSync, readFileSync } from 'node:fs';
import type { Limits } from './limits.ts';

const POLL_MILLISECONDS = 100;

export interface Usage {
  /** Resident and swapped out, in bytes. */
  readonly memoryBytes: number;
  readonly threads: number;
  /** Processor time of all threads so far, that of ended children included. */
  readonly cpuSeconds: number;
}

/** Of Linux's USER_HZ, in which it counts for programs. */
const TICKS_PER_SECOND = 100;

/**
 * What a process and all that descend from it use, as the kernel counts it, not as they say.
 * @returns null where there is no such process, or no /proc
 */
export function usageOf(pid: number): Usage | null {
  const own = ownUsage(pid);
  if (own === null) return null;
  const all = [own, ...descendantsOf(pid).map(ownUsage)];
  const sum = (of: (usage: Usage) => number) =>
    all.reduce((total, usage) => total + (usage === null ? 0 : of(usage)), 0);
  return {
    memoryBytes: sum((usage) => usage.memoryBytes),
    threads: sum((usage) => usage.threads),
    cpuSeconds: sum((usage) => usage.cpuSeconds),
  };
}

/** The processes that descend from one, as numbers of this system and not of their sandbox. */
export function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);
}

function ownUsage(pid: number): Usage | null {
  const status = read(`/proc/${pid}/status`);
  if (status === null) return null;
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  return {
    memoryBytes: 1024 * (field('VmRSS') + field('VmSwap')),
    threads: field('Threads'),
    cpuSeconds: cpuSecondsOf(read(`/proc/${pid}/stat`) ?? ''),
  };
}

/** Fields 14 to 17 of /proc/PID/stat; the name before them may hold spaces and brackets, so counting starts after the last one. */
function cpuSecondsOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((ticks, field) => ticks + (Number(field) || 0), 0) / TICKS_PER_SECOND;
}

function childrenOf(pid: number): number[] {
  let tasks: string[] = [];
  try {
    tasks = readdirSync(`/proc/${pid}/task`);
  } catch {}
  return tasks.flatMap((task) =>
    (read(`/proc/${pid}/task/${task}/children`) ?? '').split(' ').filter(Boolean).map(Number),
  );
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** A process that is looked at from outside. */
export interface Watch {
  /** The most that was seen, in bytes. */
  readonly peakMemoryBytes: number;
  /** Counts processor time from now on, of which it may take so much, in seconds. */
  allowCpu(seconds: number): void;
  stop(): void;
}

/**
 * Looks ten times a second at what a process uses.
 * @param onExceeded told once, in words, what was more than allowed
 */
export function watchUsage(pid: number, limits: Limits, onExceeded: (what: string) => void): Watch {
  let peakMemoryBytes = 0;
  let cpu = { from: 0, seconds: limits.cpuSeconds };
  const timer = setInterval(() => {
    const usage = usageOf(pid);
    if (usage === null) return;
    peakMemoryBytes = Math.max(peakMemoryBytes, usage.memoryBytes);
    const what = excessOf(usage, limits) ?? cpuExcessOf(usage, cpu);
    if (what === null) return;
    clearInterval(timer);
    onExceeded(what);
  }, POLL_MILLISECONDS);
  timer.unref();
  return {
    get peakMemoryBytes() {
      return peakMemoryBytes;
    },
    allowCpu(seconds) {
      cpu = { from: usageOf(pid)?.cpuSeconds ?? 0, seconds };
    },
    stop: () => clearInterval(timer),
  };
}

function excessOf({ memoryBytes, threads }: Usage, limits: Limits): string | null {
  if (memoryBytes > limits.memoryBytes)
    return `it used more than ${gigabytes(limits.memoryBytes)} of memory (${gigabytes(memoryBytes)} when it was seen)`;
  return threads > limits.threads ? `it started more than ${limits.threads} threads` : null;
}

function cpuExcessOf({ cpuSeconds }: Usage, { from, seconds }: { from: number; seconds: number }): string | null {
  return cpuSeconds - from > seconds ? `it took more than ${seconds} s of processor time` : null;
}

/** Ends a process and all that descend from it, whatever they do about it. */
export function killTree(pid: number): void {
  for (const one of [pid, ...descendantsOf(pid)])
    try {
      process.kill(one, 'SIGKILL');
    } catch {
      // It is gone already.
    }
}

/** Such as: 0.5 GB. */
export function gigabytes(bytes: number): string {
  return `${Number((bytes / 2 ** 30).toPrecision(2))} GB`;
}
