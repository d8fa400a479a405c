import { ParapetError } from '#core/errors.ts';
import type { BackendChoice } from '../backends/index.ts';
import type { EvaluateOptions } from '../shards/evaluate-all.ts';
import { interruptible } from './interruptible.ts';
import { startProgress, wholeNumber } from './output.ts';

export interface WorkerOptions {
  readonly backend: BackendChoice;
  readonly processes?: string;
  readonly out?: string;
  readonly publish?: boolean;
}

const backends: readonly BackendChoice[] = ['auto', 'wasm', 'native', 'cuda', 'webgpu'];

/**
 * Runs `body` with what evaluations need of a terminal: progress on stderr, and Ctrl-C that leaves them resumable.
 * @param results how many results there will be
 */
export async function withWorkers<T>(
  { backend, processes, out, publish = false }: WorkerOptions,
  results: number,
  body: (options: EvaluateOptions) => Promise<T>,
): Promise<T> {
  if (!backends.includes(backend)) {
    throw new ParapetError('usage', `--backend: there is no '${backend}'`, `the backends are ${backends.join(', ')}`);
  }
  if (out !== undefined && results !== 1) {
    throw new ParapetError(
      'usage',
      `--out: one file for ${results} results`,
      'name one submission and one --track, or leave --out away',
    );
  }
  const progress = startProgress();
  // Models and backends take seconds before there is anything to count.
  progress.update('starting', 0);
  try {
    return await interruptible((signal) =>
      body({
        backend,
        processes: processes === undefined ? undefined : wholeNumber('--processes', processes, 1),
        signal,
        out,
        publish,
        onProgress: ({ doneTasks, plannedTasks, share, secondsLeft }) =>
          progress.update(`${doneTasks} of ${plannedTasks} tasks`, share, secondsLeft ?? undefined),
        note: (message) => progress.note(message),
      }),
    );
  } finally {
    progress.stop();
  }
}
