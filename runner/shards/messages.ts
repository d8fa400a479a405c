import { z } from 'zod';
import type { Examples } from '#core/datasets/dataset.ts';
import { type ErrorKind, ParapetError } from '#core/errors.ts';
import type { Task } from '#core/evaluation/tasks.ts';
import type { SentModel } from '#core/models/sent-model.ts';
import { resultSchema } from '#core/result.ts';
import type { BackendChoice } from '../backends/index.ts';
import type { OwnAttackFile } from '../files/own-attack.ts';

/** Backends of a worker: those that evaluate, and tfjs's plain JavaScript, which only confirms. */
export type WorkerBackend = BackendChoice | 'cpu';

/** What a worker holds for as long as it lives: one model, and what transfer attacks on it are crafted on. */
export interface Models {
  readonly model: SentModel;
  /** By submission id. */
  readonly surrogates: Readonly<Record<string, SentModel>>;
  /** An attack of a person's own that a line of the suite names; never for a submission. */
  readonly attackFile?: OwnAttackFile;
}

/** What tasks are done on, as the parent holds it. */
export interface Job {
  /** Names the models: tasks of one key may share a worker. */
  readonly key: string;
  readonly models: Models;
  readonly classes: number;
  /** From the start of the test split, at least as far as the tasks reach. A worker sees those of its task alone. */
  readonly examples: Examples;
}

export interface StartMessage {
  readonly kind: 'start';
  readonly backend: WorkerBackend;
}

export interface TaskMessage {
  readonly kind: 'task';
  /** With the first task only. */
  readonly models: Models | null;
  readonly task: Task;
  /** Images and classes of the examples that the task reads, in its order. */
  readonly x: Float32Array;
  readonly y: Int32Array;
}

export type ToWorker = StartMessage | TaskMessage;

const MOST_TEXT = 8000;
const text = z.string().max(MOST_TEXT);
const amount = z.number().min(0);
const errorKinds = ['usage', 'submission', 'misbehaved', 'infrastructure', 'integrity'] as const;

/** An error on its way from one process to another; kind null for a bug. */
const errorSchema = z.strictObject({
  kind: z.enum(errorKinds).nullable(),
  message: text,
  hint: text.optional(),
  stack: text.optional(),
});

/** How far a task is: gradients spent, as `taskCost` counts them, and seconds gone by. */
const progressSchema = z.strictObject({ kind: z.literal('progress'), gradients: amount, seconds: amount });

/** Whatever a worker may say; what an outcome holds is looked at by `checkOutcome`. */
export const fromWorkerSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('ready'), report: resultSchema.shape.backend.nullable() }),
  progressSchema,
  z.strictObject({ kind: z.literal('done'), outcome: z.unknown(), peakMemoryBytes: z.int().min(0) }),
  z.strictObject({ kind: z.literal('failed'), error: errorSchema }),
]);

export type FromWorker = z.infer<typeof fromWorkerSchema>;
export type SentError = z.infer<typeof errorSchema>;
export type TaskProgress = Omit<z.infer<typeof progressSchema>, 'kind'>;

export function packError(error: unknown): SentError {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  const sent = { message: message.slice(0, MOST_TEXT), ...(stack && { stack: stack.slice(0, MOST_TEXT) }) };
  if (!(error instanceof ParapetError)) return { kind: null, ...sent };
  const { hint } = error;
  return { kind: kindOf(error.kind), ...sent, ...(hint !== undefined && { hint: hint.slice(0, MOST_TEXT) }) };
}

/** No worker is interrupted: it is ended. */
function kindOf(kind: ErrorKind): SentError['kind'] {
  return kind === 'interrupted' ? 'infrastructure' : kind;
}

/** @returns the error as it was thrown: one for a person, or a bug with the worker's stack */
export function unpackError({ kind, message, hint, stack }: SentError): Error {
  if (kind !== null) return new ParapetError(kind, message, hint);
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
