import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ParapetError } from '#core/errors.ts';
import type { BackendReport } from '../backends/index.ts';
import type { Growth } from './growth.ts';
import type { JsmaSpeed } from './jsma.ts';
import type { Speed } from './speed.ts';

/** What one process measures: a backend, and passes or attacks on it. */
export interface BenchTask {
  readonly backend: BackendReport['name'];
  /** Threads it may use; without, as many as the machine has cores. */
  readonly threads?: number;
  readonly speed?: { readonly architecture: string; readonly batch: number; readonly seconds: number };
  /** A large product of matrices, for what the device reaches at its best. */
  readonly peak?: { readonly seconds: number };
  readonly jsma?: { readonly on: JsmaSpeed['on']; readonly images: number; readonly weights?: string };
  readonly growth?: { readonly images: number; readonly weights: string };
}

export interface BenchAnswer {
  readonly report: BackendReport;
  readonly speed?: Speed;
  readonly peakGigaflops?: number;
  readonly jsma?: JsmaSpeed;
  readonly growth?: Growth;
  /** Largest resident set of the process, all of its tasks included. */
  readonly memoryBytes: number;
}

/**
 * Runs a task in a process of its own: a process holds one TensorFlow, and a crash of it ends nothing else.
 * @throws ParapetError 'infrastructure' with what the process said
 */
export async function runTask(task: BenchTask): Promise<BenchAnswer> {
  const child = join(import.meta.dirname, 'child.ts');
  try {
    const env = task.threads === undefined ? process.env : { ...process.env, PARAPET_THREADS: String(task.threads) };
    const { stdout } = await promisify(execFile)(process.execPath, [child, JSON.stringify(task)], { env });
    return JSON.parse(stdout) as BenchAnswer;
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    throw new ParapetError('infrastructure', stderr?.trim().split('\n').at(-1) || message);
  }
}
