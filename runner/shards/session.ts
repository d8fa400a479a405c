import { availableParallelism } from 'node:os';
import type { BackendChoice } from '../backends/index.ts';
import { throwIfInterrupted } from '../files/interrupted.ts';
import type { WorkerBackend } from './messages.ts';
import { type Pool, type PoolOptions, startPool } from './pool.ts';
import type { Session } from './run.ts';
import { type Standing, tally } from './tally.ts';

export interface SessionOptions {
  readonly backend: BackendChoice;
  /** Worker processes; when absent one per core on wasm, which has no threads in Node, and one on any other backend. */
  readonly processes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress: (standing: Standing) => void;
  readonly note: (message: string) => void;
}

/**
 * Runs `body` with worker processes that end when it does, or when the signal comes.
 * @throws ParapetError 'interrupted' by the signal; 'infrastructure' when the backend cannot be had
 */
export async function withSession<T>(
  options: SessionOptions,
  body: (session: Session, report: NonNullable<Pool['report']>) => Promise<T>,
): Promise<T> {
  const { backend, processes, signal, onProgress, note } = options;
  const cores = availableParallelism();
  const opened = new Set<Pool>();
  let closed = false;
  const open = async (poolOptions: PoolOptions): Promise<Pool> => {
    const pool = await startPool(poolOptions);
    opened.add(pool);
    if (closed) pool.close();
    return pool;
  };
  const close = () => {
    closed = true;
    for (const pool of opened) pool.close();
  };
  signal?.addEventListener('abort', close);
  try {
    const pool = await open({ backend, size: (report) => processes ?? (report?.name === 'wasm' ? cores : 1) });
    throwIfInterrupted(signal);
    const report = pool.report as NonNullable<Pool['report']>;
    const other: WorkerBackend = report.name === 'wasm' ? 'cpu' : 'wasm';
    let confirming: Promise<Pool> | null = null;
    const session: Session = {
      pool,
      confirming: {
        backend: other,
        pool: () => {
          confirming ??= open({ backend: other, size: () => processes ?? cores });
          return confirming;
        },
      },
      tally: tally(pool.size, onProgress),
      note,
    };
    return await body(session, report);
  } finally {
    signal?.removeEventListener('abort', close);
    close();
  }
}
