import { type ErrorKind, ParapetError } from '#core/errors.ts';
import type { Task } from '#core/evaluation/tasks.ts';
import type { Classifier } from '#core/models/classifier.ts';
import type { BackendChoice, BackendReport } from '../backends/index.ts';

/** Backends of a worker: those that evaluate, and tfjs's plain JavaScript, which only confirms. */
export type WorkerBackend = BackendChoice | 'cpu';

/** A submission that a transfer attack crafts on. */
export interface SurrogateFile {
  readonly id: string;
  readonly folder: string;
  readonly digest: string;
}

/** A model file of a person's own. */
export interface ModelFile {
  readonly path: string;
  /** What safetensors are weights of; null for ONNX. */
  readonly architecture: string | null;
  /** [height, width, channels] of the images there are, where they decide what the model takes. */
  readonly inputShape?: Classifier['inputShape'];
}

/** What a worker must have open to do a task. Files are named with the digests that they had in the parent. */
export interface Job {
  /** Folder of the submission. */
  readonly folder: string;
  /** A model file in the place of the submission; the digest is then the file's. */
  readonly model?: ModelFile;
  readonly submissionDigest: string;
  /** What lines of the suite name as surrogates; none when absent. */
  readonly surrogates?: readonly SurrogateFile[];
  readonly dataset: string;
  readonly datasetDigest: string;
  /** Examples from the start of the test split; 0 for tasks that need none. */
  readonly limit: number;
}

export interface StartMessage {
  readonly kind: 'start';
  readonly backend: WorkerBackend;
}

export interface TaskMessage {
  readonly kind: 'task';
  readonly job: Job;
  readonly task: Task;
}

export type ToWorker = StartMessage | TaskMessage;

/** An error on its way from one process to another. */
export interface SentError {
  readonly kind: ErrorKind | null;
  readonly message: string;
  readonly hint: string | undefined;
  readonly stack: string | undefined;
}

/** How far a task is: gradients spent, as `taskCost` counts them, and seconds gone by. */
export interface TaskProgress {
  readonly gradients: number;
  readonly seconds: number;
}

export type FromWorker =
  | { readonly kind: 'ready'; readonly report: BackendReport | null }
  | ({ readonly kind: 'progress' } & TaskProgress)
  | { readonly kind: 'done'; readonly outcome: unknown; readonly peakMemoryBytes: number }
  | { readonly kind: 'failed'; readonly error: SentError };

export function packError(error: unknown): SentError {
  if (error instanceof ParapetError)
    return { kind: error.kind, message: error.message, hint: error.hint, stack: error.stack };
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { kind: null, message, hint: undefined, stack };
}

/** @returns the error as it was thrown: one for a person, or a bug with the worker's stack */
export function unpackError({ kind, message, hint, stack }: SentError): Error {
  if (kind !== null) return new ParapetError(kind, message, hint);
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
