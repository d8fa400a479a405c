import { ParapetError } from '#core/errors.ts';
import { positionsOf, type Task } from '#core/evaluation/tasks.ts';
import type { BackendReport } from '../backends/index.ts';
import { insideOf } from '../sandbox/inside.ts';
import type { Limits } from '../sandbox/limits.ts';
import { gigabytes } from '../sandbox/watch-usage.ts';
import { checkOutcome, mostBytesOf } from './answers.ts';
import { deviceFault } from './device-fault.ts';
import { type End, startLink } from './link.ts';
import { type Job, type TaskProgress, type ToWorker, unpackError, type WorkerBackend } from './messages.ts';

export type Answer =
  | { readonly kind: 'done'; readonly outcome: unknown; readonly peakMemoryBytes: number }
  | { readonly kind: 'failed'; readonly error: Error }
  | End;

/** A worker process, seen from its parent. */
export interface Child {
  readonly report: BackendReport | null;
  /** Key of the job whose models it holds, and whose tasks alone it may do; null before its first task. */
  readonly holds: string | null;
  /** Has it do one task; it must not be asked again before it has answered. */
  ask(job: Job, task: Task, onProgress?: (progress: TaskProgress) => void): Promise<Answer>;
  kill(): void;
}

export interface ChildOptions {
  readonly script: URL;
  readonly backend: WorkerBackend;
  readonly sandboxed: boolean;
  readonly limits: Limits;
}

/** @throws ParapetError when the backend cannot be had, or the process dies before it is ready */
export async function startChild({ script, backend, sandboxed, limits }: ChildOptions): Promise<Child> {
  const link = startLink(insideOf(script, backend), limits, sandboxed);
  const first = await link.ask({ kind: 'start', backend }, 0);
  if (first.kind !== 'ready') link.kill();
  if (first.kind === 'failed') throw unpackError(first.error);
  if (first.kind !== 'ready') {
    const why = first.kind === 'done' ? first.kind : first.why;
    throw new ParapetError('infrastructure', `a worker process did not start: ${why}`);
  }
  let holds: string | null = null;
  return {
    report: first.report,
    get holds() {
      return holds;
    },
    async ask(job, task, onProgress) {
      const message: ToWorker = {
        kind: 'task',
        models: holds === null ? job.models : null,
        task,
        ...examplesOf(job, task),
      };
      holds = job.key;
      const answer = await link.ask(message, mostBytesOf(task, job), onProgress);
      if (answer.kind === 'ready') return { kind: 'ended', why: 'it answered out of turn' };
      const said = answer.kind === 'failed' ? answer.error.message : answer.kind === 'died' ? answer.why : '';
      const fault = deviceFault(said);
      if (fault !== null) {
        // Whatever works on that device is no worker any more.
        link.kill();
        return { kind: 'failed', error: fault };
      }
      if (answer.kind === 'failed')
        return { kind: 'failed', error: outOfMemory(said, limits) ?? unpackError(answer.error) };
      if (answer.kind === 'died') {
        const error = outOfMemory(said, limits);
        return error === null ? answer : { kind: 'ended', why: error.message };
      }
      if (answer.kind === 'ended') return answer;
      const wrong = checkOutcome(answer.outcome, task, job);
      return wrong === null ? answer : { kind: 'ended', why: `its answer is not one: ${wrong}` };
    },
    kill: () => link.kill(),
  };
}

/** What the task reads of the data set. Whoever classifies without attacking is told no classes. */
function examplesOf({ examples: { x, y, count } }: Job, task: Task): { x: Float32Array; y: Int32Array } {
  const positions = positionsOf(task);
  const size = x.length / count;
  const images = new Float32Array(positions.length * size);
  positions.forEach((position, i) => {
    images.set(x.subarray(position * size, (position + 1) * size), i * size);
  });
  const labels = task.kind === 'clean' ? new Int32Array() : positions.map((position) => y[position] as number);
  return { x: images, y: labels };
}

/** What V8, the C++ library, wasm and TensorFlow say when the limit of memory is met. */
const noMemory = /allocation failed|out of memory|memory access out of bounds|bad_alloc|cannot enlarge memory|ENOMEM/i;

function outOfMemory(said: string, { memoryBytes }: Limits): ParapetError | null {
  if (!noMemory.test(said)) return null;
  return new ParapetError(
    'misbehaved',
    `resource_exceeded: it wanted more than ${gigabytes(memoryBytes)} of memory (${said.slice(0, 200)})`,
    moreMemory,
  );
}

export const moreMemory = 'a large model may need more: PARAPET_WORKER_MEMORY=GIGABYTES';
