import { ParapetError } from '#core/errors.ts';
import type { OutcomeOf, Task } from '#core/evaluation/tasks.ts';
import type { BackendReport } from '../backends/index.ts';
import { type Limits, limitsOf } from '../sandbox/limits.ts';
import { type Child, moreMemory, startChild } from './child.ts';
import type { Job, TaskProgress, WorkerBackend } from './messages.ts';

/** Order of tasks that wait: the smaller first, element by element. */
export type Rank = readonly [order: number, minusCost: number];

export interface Pool {
  /** What the first worker said of its backend; null for one that only confirms. */
  readonly report: BackendReport | null;
  /** Most processes that work at once. */
  readonly size: number;
  /** Largest resident set of any worker so far, in bytes. */
  readonly peakMemoryBytes: number;
  /**
   * Has a worker do a task; one that did tasks of another job never does, since it holds that one's model. A worker that dies is
   * replaced and its task tried once more.
   * @param onProgress told now and then how far a long task is
   * @throws ParapetError 'infrastructure' when the second one died too; 'misbehaved' when it broke a limit, or answered what is no
   *   answer; whatever the task threw; 'interrupted' after `close`
   */
  run<T extends Task>(
    job: Job,
    task: T,
    rank: Rank,
    onProgress?: (progress: TaskProgress) => void,
  ): Promise<OutcomeOf<T>>;
  /** Ends all workers at once. */
  close(): void;
}

export interface PoolOptions {
  readonly backend: WorkerBackend;
  /** Most processes, given what the first one said of its backend. */
  readonly size: (report: BackendReport | null) => number;
  /** Whether the workers run in the sandbox. */
  readonly sandboxed: boolean;
  /** Script of the worker processes; another one in tests. */
  readonly script?: URL;
  /** Those of this machine when absent. */
  readonly limits?: Limits;
}

interface Waiting {
  readonly job: Job;
  readonly task: Task;
  readonly rank: Rank;
  readonly onProgress: ((progress: TaskProgress) => void) | undefined;
  deaths: number;
  resolve(outcome: unknown): void;
  reject(error: unknown): void;
}

const workerScript = new URL('./worker.ts', import.meta.url);

/**
 * Worker processes that take one task at a time; the first is started at once and the others as they are needed.
 * @throws ParapetError when the backend cannot be had
 */
export async function startPool({ size: sizeFor, ...options }: PoolOptions): Promise<Pool> {
  const { backend, sandboxed, script = workerScript, limits = limitsOf() } = options;
  const idle: Child[] = [];
  const alive = new Set<Child>();
  const queue: Waiting[] = [];
  let starting = 0;
  let closed = false;
  let peakMemoryBytes = 0;
  let size = 1;

  async function grow(): Promise<Child> {
    starting++;
    try {
      const child = await startChild({ script, backend, sandboxed, limits });
      if (closed) child.kill();
      alive.add(child);
      return child;
    } finally {
      starting--;
    }
  }

  function pump(): void {
    if (closed) return;
    for (let pair = match(queue, idle); pair !== null; pair = match(queue, idle)) {
      idle.splice(pair.child, 1).forEach((child) => void give(child, queue.splice(pair.waiting, 1)[0] as Waiting));
    }
    while (queue.length > starting && (alive.size + starting < size || endIdle())) {
      grow().then(
        (child) => {
          idle.push(child);
          pump();
        },
        // As long as one worker lives the work goes on, only slower.
        (error: unknown) => {
          if (alive.size === 0) for (const waiting of queue.splice(0)) waiting.reject(error);
        },
      );
    }
  }

  /** Makes room for a worker where one waits for a job of which nothing is left to do now. */
  function endIdle(): boolean {
    const child = idle.shift();
    if (child === undefined) return false;
    alive.delete(child);
    child.kill();
    return true;
  }

  async function give(child: Child, waiting: Waiting): Promise<void> {
    const answer = await child
      .ask(waiting.job, waiting.task, waiting.onProgress)
      .catch((error: Error) => ({ kind: 'failed', error }) as const);
    if (answer.kind === 'died' || answer.kind === 'ended') {
      alive.delete(child);
      child.kill();
      if (closed) waiting.reject(interrupted());
      else if (answer.kind === 'ended') waiting.reject(misbehaved(waiting.task, answer.why));
      else if (++waiting.deaths < 2) enqueue(queue, waiting);
      else waiting.reject(died(waiting.task, answer.why));
    } else {
      idle.push(child);
      if (answer.kind === 'failed') waiting.reject(answer.error);
      else {
        peakMemoryBytes = Math.max(peakMemoryBytes, answer.peakMemoryBytes);
        waiting.resolve(answer.outcome);
      }
    }
    pump();
  }

  const first = await grow();
  idle.push(first);
  size = Math.max(1, sizeFor(first.report));
  return {
    report: first.report,
    size,
    get peakMemoryBytes() {
      return peakMemoryBytes;
    },
    run: (job, task, rank, onProgress) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(interrupted());
        const answered = { resolve: resolve as (outcome: unknown) => void, reject };
        enqueue(queue, { job, task, rank, onProgress, deaths: 0, ...answered });
        pump();
      }),
    close() {
      closed = true;
      for (const waiting of queue.splice(0)) waiting.reject(interrupted());
      for (const child of alive) child.kill();
    },
  };
}

/** Behind everything that ranks before it or is its equal. */
function enqueue(queue: Waiting[], waiting: Waiting): void {
  const [order, minusCost] = waiting.rank;
  const at = queue.findIndex(({ rank }) => rank[0] > order || (rank[0] === order && rank[1] > minusCost));
  queue.splice(at < 0 ? queue.length : at, 0, waiting);
}

/** The first task that has a worker of its job, or else one that holds nothing yet. */
function match(queue: readonly Waiting[], idle: readonly Child[]): { waiting: number; child: number } | null {
  const find = (fits: (child: Child, job: Job) => boolean) => {
    for (const [waiting, { job }] of queue.entries()) {
      const child = idle.findIndex((candidate) => fits(candidate, job));
      if (child >= 0) return { waiting, child };
    }
    return null;
  };
  return find(({ holds }, { key }) => holds === key) ?? find(({ holds }) => holds === null);
}

function interrupted(): ParapetError {
  return new ParapetError('interrupted', 'interrupted', 'the same command resumes');
}

function misbehaved(task: Task, why: string): ParapetError {
  const hint = why.includes('memory') ? moreMemory : 'nothing of this task is kept; if the model is sound, report it';
  return new ParapetError('misbehaved', `a worker process was ended during ${nameOf(task)}: ${why}`, hint);
}

function nameOf(task: Task): string {
  if (task.kind === 'attack') return `attack ${task.line.id}, chunk ${task.chunk}`;
  return task.kind === 'probe' ? `probe ${task.probe}` : task.kind;
}

function died(task: Task, why: string): ParapetError {
  return new ParapetError(
    'infrastructure',
    `two worker processes died of one task (${nameOf(task)}): ${why}`,
    'often there is too little memory; what was done is kept, and the same command resumes',
  );
}
