import { availableParallelism } from 'node:os';
import { type BackendChoice, pickBackend } from '../backends/index.ts';
import { throwIfInterrupted } from '../files/interrupted.ts';
import { requireSandbox } from '../sandbox/available.ts';
import type { WorkerBackend } from './messages.ts';
import { type Pool, type PoolOptions, startPool } from './pool.ts';
import type { Session } from './run.ts';
import { type Standing, tally } from './tally.ts';

interface Processes {
  /** Worker processes; when absent one per core on wasm, which has no threads in Node, and one on any other backend. */
  readonly processes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Whether what comes of it is to be published. */
  readonly publish?: boolean | undefined;
  /** Whether models are to be sandboxed; so they are when absent. */
  readonly sandbox?: boolean | undefined;
  /** Told what a person should know; without it a line on stderr. */
  readonly note?: ((message: string) => void) | undefined;
}

export interface SessionOptions extends Processes {
  readonly backend: BackendChoice;
  readonly onProgress: (standing: Standing) => void;
  readonly note: (message: string) => void;
}

/** Backends whose workers compute on one thread. */
const singleThreaded: readonly (string | undefined)[] = ['wasm', 'cpu', undefined];

/**
 * Runs `body` with pools of worker processes that end when it does, or when the signal comes.
 * @param body is given a function that opens a pool of a backend, and one that closes all that are open
 */
async function withPools<T>(
  {
    processes,
    signal,
    publish = false,
    sandbox = true,
    note = (message) => void process.stderr.write(`${message}\n`),
  }: Processes,
  body: (open: (backend: WorkerBackend) => Promise<Pool>, close: () => void) => Promise<T>,
): Promise<T> {
  const size: PoolOptions['size'] = (report) =>
    processes ?? (singleThreaded.includes(report?.name) ? availableParallelism() : 1);
  const sandboxed = sandbox && (await requireSandbox({ publish, note }));
  const opened = new Set<Pool>();
  let closed = false;
  const close = () => {
    closed = true;
    for (const pool of opened) pool.close();
  };
  signal?.addEventListener('abort', close);
  try {
    const open = async (backend: WorkerBackend) => {
      // Within a sandbox only the folder of one backend is there to be found.
      const chosen = backend === 'cpu' ? backend : pickBackend(backend).name;
      const pool = await startPool({ backend: chosen, size, sandboxed });
      opened.add(pool);
      if (closed) pool.close();
      throwIfInterrupted(signal);
      return pool;
    };
    return await body(open, close);
  } finally {
    signal?.removeEventListener('abort', close);
    close();
  }
}

/**
 * Runs `body` with one pool of workers.
 * @throws ParapetError 'interrupted' by the signal; 'infrastructure' when the backend cannot be had, or the sandbox where it must
 */
export function withPool<T>(
  options: Processes & { readonly backend: WorkerBackend },
  body: (pool: Pool) => Promise<T>,
): Promise<T> {
  return withPools(options, async (open) => body(await open(options.backend)));
}

/**
 * Runs `body` with what evaluations share.
 * @throws ParapetError 'interrupted' by the signal; 'infrastructure' when the backend cannot be had, or the sandbox where it must
 */
export function withSession<T>(
  options: SessionOptions,
  body: (session: Session, report: NonNullable<Pool['report']>) => Promise<T>,
): Promise<T> {
  return withPools(options, async (open, stop) => {
    const pool = await open(options.backend);
    const report = pool.report as NonNullable<Pool['report']>;
    const backend: WorkerBackend = report.name === 'wasm' ? 'cpu' : 'wasm';
    let confirming: Promise<Pool> | null = null;
    const session: Session = {
      pool,
      confirming: {
        backend,
        pool: () => {
          confirming ??= open(backend);
          return confirming;
        },
      },
      tally: tally(pool.size, options.onProgress),
      stop,
      note: options.note,
    };
    return body(session, report);
  });
}
