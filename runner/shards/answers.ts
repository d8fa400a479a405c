/**
 * What a worker answers, looked at by the parent before anything is made of it.
 *
 * A worker holds a model that a stranger made. Were there a hole in a parser or in tfjs, a worker could answer whatever it likes, so
 * this is what each side is trusted with:
 * - The parent (this process) never opens a model. It holds the data set, picks the images, keeps the journal, counts, and writes.
 * - A worker is sent the model, and the images and classes of one task. Its answer must have the form, the lengths and the ranges that
 *   the task allows; everything else ends it. No answer is a path, a name or code.
 * - That an attack *succeeded* is not taken from the worker: `confirm` measures distance and range of the stored image in the parent,
 *   and has it classified by a process on another backend, which is sent the image and neither its class nor what was claimed.
 *   `verify` does the same again, from the file alone.
 * - That an attack *failed* is the worker's word, as is what a certificate is counted from, of which `verify` measures a few anew, and as are costs, probes and the distances of rows that no image shows. A worker that
 *   was taken over could make a defense look robust, and only that defense: no worker ever holds a second submission. A run on another
 *   machine shows it, and so does any successful attack by anybody.
 */
import { z } from 'zod';
import { findCertificate } from '#core/certificates/index.ts';
import type { AttackTask, CertifyTask, CleanTask, Task } from '#core/evaluation/tasks.ts';
import { outcome as code } from '#core/metrics/outcomes.ts';
import type { Job } from './messages.ts';

const count = z.int().min(0);
const seconds = z.number().min(0);

const cleanSchema = z.strictObject({
  predictions: z.instanceof(Int32Array),
  nonFinite: z.instanceof(Int32Array),
  probabilityRows: count,
});

const attackSchema = z.strictObject({
  rowsPerExample: count,
  code: z.instanceof(Uint8Array),
  distance: z.instanceof(Float64Array),
  trackDistance: z.instanceof(Float64Array),
  kept: z.instanceof(Int32Array),
  images: z.instanceof(Float32Array),
  forwardCalls: count,
  gradientCalls: count,
  nonFinite: count,
  rejected: count,
  lost: count,
  zeroGradientShare: z.number().min(0).max(1).nullable(),
  seconds,
});

const reading = z
  .record(z.string().regex(/^[a-zA-Z][a-zA-Z0-9]{0,40}$/), z.number())
  .refine((values) => Object.keys(values).length <= 40, 'has more than 40 values');
const probeSchema = z.strictObject({ reading: reading.nullable(), seconds });

const certifySchema = z.strictObject({ numbers: z.instanceof(Float64Array), seconds });

/** What is told of a model goes into a result and onto a page: short lines. */
const inspectSchema = z.strictObject({
  inputShape: z.tuple([z.int().min(1), z.int().min(1), z.int().min(1)]),
  classes: z.int().min(2).max(1e6),
  notes: z.array(z.string().max(1000)).max(100),
});

type Size = Pick<Job, 'examples' | 'classes'>;

function rowsPerExample(task: AttackTask, classes: number): number {
  return task.line.targets === 'all' ? classes - 1 : 1;
}

function imageSize({ examples: { x, count } }: Size): number {
  return x.length / count;
}

/** Longest answer to a task that makes sense, in bytes, but for its JSON. */
export function mostBytesOf(task: Task, job: Size): number {
  if (task.kind === 'clean') return 64 * 1024 + 8 * task.count;
  if (task.kind === 'probe' || task.kind === 'inspect') return 0;
  if (task.kind === 'certify') return 64 * 1024 + 8 * numbersOf(task);
  if (task.kind === 'predict') return 64 * 1024 + (4 * job.classes * task.x.length) / imageSize(job);
  const rows = task.examples.length * rowsPerExample(task, job.classes);
  return 64 * 1024 + rows * (21 + (task.keep === 'none' ? 0 : 4 * imageSize(job)));
}

/** @returns what is wrong with the answer to a task; null for nothing */
export function checkOutcome(outcome: unknown, task: Task, job: Size): string | null {
  if (task.kind === 'clean') return checkClean(outcome, task, job);
  if (task.kind === 'attack') return checkAttack(outcome, task, job);
  if (task.kind === 'probe') return mistakeOf(probeSchema, outcome);
  if (task.kind === 'certify') return checkCertify(outcome, task);
  if (task.kind === 'inspect') return mistakeOf(inspectSchema, outcome);
  const logits = (job.classes * task.x.length) / imageSize(job);
  return outcome instanceof Float32Array && outcome.length === logits ? null : `wanted ${logits} logits`;
}

function mistakeOf(schema: z.ZodType, value: unknown): string | null {
  const { error } = schema.safeParse(value);
  const issue = error?.issues[0];
  return issue === undefined ? null : `${issue.path.map(String).join('.')} ${issue.message}`;
}

function checkClean(value: unknown, { start, count }: CleanTask, { classes }: Size): string | null {
  const mistake = mistakeOf(cleanSchema, value);
  if (mistake !== null) return mistake;
  const { predictions, nonFinite, probabilityRows } = value as z.infer<typeof cleanSchema>;
  if (predictions.length !== count) return `${predictions.length} predictions for ${count} images`;
  if (!predictions.every((c) => c >= -1 && c < classes)) return 'a prediction is no class';
  if (!isAscending(nonFinite, start, start + count)) return 'nonFinite names images that were not sent';
  return probabilityRows <= count ? null : 'probabilityRows counts more images than were sent';
}

function checkAttack(value: unknown, task: AttackTask, job: Size): string | null {
  const mistake = mistakeOf(attackSchema, value);
  if (mistake !== null) return mistake;
  const done = value as z.infer<typeof attackSchema>;
  const perExample = rowsPerExample(task, job.classes);
  const rows = task.examples.length * perExample;
  if (done.rowsPerExample !== perExample) return `${done.rowsPerExample} rows for an example, wanted ${perExample}`;
  for (const name of ['code', 'distance', 'trackDistance'] as const)
    if (done[name].length !== rows) return `${name} has ${done[name].length} rows, wanted ${rows}`;
  if (done.code.some((c) => c > code.broken)) return 'code holds a number that means nothing';
  if (!done.distance.every(isDistance) || !done.trackDistance.every(isDistance)) return 'a distance is none';
  if (done.code.some((c, row) => c === code.broken && (done.trackDistance[row] as number) > task.epsilon))
    return 'a row is broken beyond the ball';
  if (task.keep === 'none' && done.kept.length > 0) return 'it kept images that nobody wanted';
  if (!isAscending(done.kept, 0, rows)) return 'kept names rows that there are not';
  if (done.images.length !== done.kept.length * imageSize(job)) return 'images are not as many as were kept';
  if (!done.images.every(Number.isFinite)) return 'an image holds a pixel that is not finite';
  return [done.nonFinite, done.rejected, done.lost].every((n) => n <= rows)
    ? null
    : 'it counts more rows than there are';
}

function checkCertify(value: unknown, task: CertifyTask): string | null {
  const mistake = mistakeOf(certifySchema, value);
  if (mistake !== null) return mistake;
  const { numbers } = value as z.infer<typeof certifySchema>;
  if (numbers.length !== numbersOf(task)) return `${numbers.length} numbers, wanted ${numbersOf(task)}`;
  return numbers.every(Number.isFinite) ? null : 'a number is not finite';
}

function numbersOf({ certificate, examples }: CertifyTask): number {
  return examples.length * findCertificate(certificate.method).numbers.length;
}

function isDistance(d: number): boolean {
  return d >= 0 && d < Number.POSITIVE_INFINITY;
}

/** Whether values ascend, none twice, from `first` on and below `end`. */
function isAscending(values: Int32Array, first: number, end: number): boolean {
  return values.every((value, i) => value < end && value >= (i === 0 ? first : (values[i - 1] as number) + 1));
}
