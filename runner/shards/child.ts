import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ParapetError } from '#core/errors.ts';
import type { Task } from '#core/evaluation/tasks.ts';
import type { BackendReport } from '../backends/index.ts';
import {
  type FromWorker,
  type Job,
  type TaskProgress,
  type ToWorker,
  unpackError,
  type WorkerBackend,
} from './messages.ts';

/** What is kept of what a worker writes to stderr, to be shown should it die. */
const STDERR_TAIL = 2000;

export type Answer =
  | { readonly kind: 'done'; readonly outcome: unknown; readonly peakMemoryBytes: number }
  | { readonly kind: 'failed'; readonly error: Error }
  | { readonly kind: 'died'; readonly why: string };

/** What answers a question; progress comes before it. */
type FirstOrLast = Exclude<FromWorker, { kind: 'progress' }>;

/** A worker process, seen from its parent. */
export interface Child {
  readonly report: BackendReport | null;
  /** Has it do one task; it must not be asked again before it has answered. */
  ask(job: Job, task: Task, onProgress?: (progress: TaskProgress) => void): Promise<Answer>;
  kill(): void;
}

/** @throws ParapetError when the backend cannot be had, or the process dies before it is ready */
export async function startChild(script: URL, backend: WorkerBackend): Promise<Child> {
  const child = fork(fileURLToPath(script), {
    serialization: 'advanced',
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let stderr = '';
  child.stderr?.on('data', (text: Buffer) => {
    stderr = (stderr + text.toString()).slice(-STDERR_TAIL);
  });
  let listener: (answer: FirstOrLast | { kind: 'died'; why: string }) => void = () => {};
  let onProgress: (progress: TaskProgress) => void = () => {};
  child.on('message', (raw) => {
    const message = raw as FromWorker;
    if (message.kind === 'progress') onProgress(message);
    else listener(message);
  });
  let end: { kind: 'died'; why: string } | null = null;
  const onEnd = (why: string): void => {
    end ??= { kind: 'died', why: [why, lastLines(stderr)].filter(Boolean).join('; ') };
    listener(end);
  };
  child.on('error', (error) => onEnd(error.message));
  child.on('close', (code, signal) => onEnd(signal === null ? `exit code ${code}` : `signal ${signal}`));

  const next = (message: ToWorker) =>
    new Promise<FirstOrLast | { kind: 'died'; why: string }>((resolve) => {
      listener = resolve;
      if (end !== null) resolve(end);
      // A failed send is followed by 'close', which says why.
      else child.send(message, () => {});
    });

  const first = await next({ kind: 'start', backend });
  if (first.kind === 'failed') {
    child.kill('SIGKILL');
    throw unpackError(first.error);
  }
  if (first.kind !== 'ready') {
    throw new ParapetError(
      'infrastructure',
      `a worker process did not start: ${first.kind === 'died' ? first.why : first.kind}`,
    );
  }
  return {
    report: first.report,
    async ask(job, task, tell = () => {}) {
      onProgress = tell;
      const message = await next({ kind: 'task', job, task });
      if (message.kind === 'failed') return { kind: 'failed', error: unpackError(message.error) };
      if (message.kind === 'ready') return { kind: 'died', why: 'it answered out of turn' };
      return message;
    },
    kill: () => void child.kill('SIGKILL'),
  };
}

/** The last lines of what a process wrote, without colours and control characters, in one line. */
function lastLines(text: string): string {
  const lines = text.split('\n').map((line) => line.replaceAll(/\p{Cc}(\[[0-9;]*m)?/gu, ' ').trim());
  return lines.filter(Boolean).slice(-3).join(' | ');
}
