import { availableParallelism, totalmem } from 'node:os';
import { ParapetError } from '#core/errors.ts';

/** What a process that computes with a submitted model may use. */
export interface Limits {
  /** Resident memory, in bytes. */
  readonly memoryBytes: number;
  /** Threads of all its processes. */
  readonly threads: number;
  /** Longest file that it may write, and all that its /tmp holds, in bytes. */
  readonly fileBytes: number;
  readonly openFiles: number;
  /** What it may write to stderr in its life, in bytes. */
  readonly noiseBytes: number;
  /** Seconds without a sign of life while it has something to do. */
  readonly silenceSeconds: number;
  /** Seconds that one task may take. */
  readonly taskSeconds: number;
  /** Seconds of processor time, of all threads together, that one task may take. */
  readonly cpuSeconds: number;
  /** The same for a process that has nothing to do. */
  readonly idleCpuSeconds: number;
}

const GIGABYTE = 2 ** 30;

const TASK_SECONDS = 12 * 3600;

/**
 * The limits of this machine: `PARAPET_WORKER_MEMORY` (gigabytes) and `PARAPET_WORKER_SILENCE` (seconds) change the two that an
 * honest, large model can meet; `PARAPET_WORKER_CPU` (seconds) is for machines that others use too.
 * @throws ParapetError 'usage' when one of them is no number above 0
 */
export function limitsOf(env: NodeJS.ProcessEnv = process.env, machineBytes = totalmem()): Limits {
  const gigabytes = positive(env, 'PARAPET_WORKER_MEMORY');
  return {
    memoryBytes: gigabytes === null ? Math.min(16 * GIGABYTE, Math.floor(0.8 * machineBytes)) : gigabytes * GIGABYTE,
    threads: 512,
    fileBytes: 64 * 2 ** 20,
    openFiles: 1024,
    noiseBytes: 8 * 2 ** 20,
    silenceSeconds: positive(env, 'PARAPET_WORKER_SILENCE') ?? 600,
    taskSeconds: TASK_SECONDS,
    cpuSeconds: positive(env, 'PARAPET_WORKER_CPU') ?? TASK_SECONDS * availableParallelism(),
    idleCpuSeconds: 60,
  };
}

function positive(env: NodeJS.ProcessEnv, name: string): number | null {
  const text = env[name];
  if (text === undefined || text === '') return null;
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new ParapetError('usage', `${name} is '${text}'; wanted a number above 0`);
}

/** The memory at which Linux itself steps in, in bytes. */
export function kernelMemoryBytes({ memoryBytes }: Limits): number {
  return Math.floor(1.5 * memoryBytes) + GIGABYTE / 2;
}

/** The number of threads and processes at which Linux itself steps in: later than `watchUsage`, which says why. */
export function kernelThreads({ threads }: Limits): number {
  return 2 * threads;
}

/**
 * The limits that Linux itself holds, for `prlimit`. Memory goes by RLIMIT_DATA, which since Linux 4.7 counts every writable private
 * mapping: heap, ArrayBuffers, wasm memories, stacks. RLIMIT_AS would count the gigabytes of addresses that V8 and wasm only
 * reserve, and `--max-old-space-size` counts none but the JavaScript heap. Memory that is mapped as shared escapes it, and is
 * counted as resident by `watchUsage`.
 *
 * It is set well above what `watchUsage` allows, which is to come first: a process that is ended says nothing, while tfjs on wasm
 * goes on with a null pointer where memory is refused.
 * @param mapsDevices whether it maps the memory of a graphics processor, which RLIMIT_DATA may count as its own
 */
export function prlimitArguments(limits: Limits, mapsDevices: boolean): string[] {
  return [
    ...(mapsDevices ? [] : [`--data=${kernelMemoryBytes(limits)}`]),
    `--fsize=${limits.fileBytes}`,
    `--nofile=${limits.openFiles}`,
    '--core=0',
    '--msgqueue=0',
    '--',
  ];
}
