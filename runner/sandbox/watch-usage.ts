import { readdirSync, readFileSync } from 'node:fs';
import type { Limits } from './limits.ts';

const POLL_MILLISECONDS = 100;

export interface Usage {
  /** Resident and swapped out, in bytes. */
  readonly memoryBytes: number;
  readonly threads: number;
}

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
  return { memoryBytes: sum((usage) => usage.memoryBytes), threads: sum((usage) => usage.threads) };
}

/** The processes that descend from one, as numbers of this system and not of their sandbox. */
export function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);
}

function ownUsage(pid: number): Usage | null {
  const status = read(`/proc/${pid}/status`);
  if (status === null) return null;
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  return { memoryBytes: 1024 * (field('VmRSS') + field('VmSwap')), threads: field('Threads') };
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

/**
 * Looks ten times a second at what a process uses.
 * @param onExceeded told once, in words, what was more than allowed
 * @returns a function that ends the watching
 */
export function watchUsage(pid: number, limits: Limits, onExceeded: (what: string) => void): () => void {
  const timer = setInterval(() => {
    const usage = usageOf(pid);
    if (usage === null) return;
    const what = excessOf(usage, limits);
    if (what === null) return;
    clearInterval(timer);
    onExceeded(what);
  }, POLL_MILLISECONDS);
  timer.unref();
  return () => clearInterval(timer);
}

function excessOf({ memoryBytes, threads }: Usage, limits: Limits): string | null {
  if (memoryBytes > limits.memoryBytes) return `it used more than ${gigabytes(limits.memoryBytes)} of memory`;
  return threads > limits.threads ? `it started more than ${limits.threads} threads` : null;
}

/** Such as: 0.5 GB. */
export function gigabytes(bytes: number): string {
  return `${Number((bytes / 2 ** 30).toPrecision(2))} GB`;
}
