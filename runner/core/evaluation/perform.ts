import * as tf from '@tensorflow/tfjs';
import { findAttack } from '../attacks/index.ts';
import { runAttack } from '../attacks/run.ts';
import type { Examples } from '../datasets/dataset.ts';
import { findProbe } from '../diagnostics/probes/index.ts';
import { ParapetError } from '../errors.ts';
import { distances, inBall, nonFiniteRows, predictions } from '../metrics/judge.ts';
import { outcome } from '../metrics/outcomes.ts';
import type { Classifier } from '../models/classifier.ts';
import type { SentModel } from '../models/sent-model.ts';
import type { Norm } from '../projections.ts';
import type { Spent } from '../spending.ts';
import { expandRows } from './targets.ts';
import {
  type AttackTask,
  type AttackTaskOutcome,
  type CertifyOutcome,
  type CertifyTask,
  type CleanOutcome,
  type CleanTask,
  type InspectOutcome,
  type OutcomeOf,
  type ProbeOutcome,
  type ProbeTask,
  positionsOf,
  type Task,
} from './tasks.ts';

/** Images classified at once outside attacks; of large ones only so many values. */
const BATCH = 100;
const BATCH_VALUES = 2 ** 22;

/** What tasks are done on. */
export interface Bench {
  readonly classifier: Classifier;
  /** Models that lines of the suite name as surrogates, by submission id. */
  readonly surrogates?: Readonly<Record<string, Classifier>>;
  /** The model as it was sent: certificates open of it what they bound. */
  readonly sent?: SentModel;
  /** The images and classes of the examples that a task reads, in the order of `positionsOf`; a clean task reads no classes. */
  readonly pick: (positions: Int32Array) => Pick<Examples, 'x' | 'y'>;
  /** A monotonic clock in milliseconds. */
  now(): number;
  /** Told how far a long task is. */
  readonly spent?: Spent;
}

/** Does one task on the backend that tfjs runs on. This is all that a worker process, or the lab, does of an evaluation. */
export async function perform<T extends Task>(task: T, bench: Bench): Promise<OutcomeOf<T>>;
export async function perform(task: Task, bench: Bench): Promise<unknown> {
  if (task.kind === 'clean') return performClean(task, bench);
  if (task.kind === 'attack') return performAttack(task, bench);
  if (task.kind === 'probe') return performProbe(task, bench);
  if (task.kind === 'certify') return performCertify(task, bench);
  if (task.kind === 'inspect') return inspect(bench.classifier);
  const { drawing } = bench.classifier;
  return classify(drawing?.answering(task.answer ?? 0) ?? bench.classifier, task.x, bench.spent);
}

/** Picks from the examples at the start of a data set. */
export function pickFrom({ x, y, count }: Examples): Bench['pick'] {
  return (positions) => ({
    x: gather(x, positions, x.length / count),
    y: positions.map((position) => y[position] as number),
  });
}

function inspect({ inputShape, classes, notes = [] }: Classifier): InspectOutcome {
  return { inputShape, classes, notes };
}

/**
 * @param x images, float32 [n × height × width × channels]
 * @param spent told after each batch, so that whoever waits knows that it goes on
 * @returns logits [n × classes]
 */
export async function classify(classifier: Classifier, x: Float32Array, spent?: Spent): Promise<Float32Array> {
  const [height, width, channels] = classifier.inputShape;
  const size = height * width * channels;
  const count = x.length / size;
  const logits = new Float32Array(count * classifier.classes);
  const most = Math.max(1, Math.min(BATCH, Math.floor(BATCH_VALUES / size)));
  for (let start = 0; start < count; start += most) {
    const end = Math.min(count, start + most);
    const batch = tf.tensor4d(x.slice(start * size, end * size), [end - start, height, width, channels]);
    const scores = classifier.logits(batch);
    logits.set(await scores.data<'float32'>(), start * classifier.classes);
    tf.dispose([batch, scores]);
    spent?.((end - start) / 3);
  }
  return logits;
}

async function performClean(task: CleanTask, { classifier, pick, spent }: Bench): Promise<CleanOutcome> {
  const { start, count } = task;
  const { classes } = classifier;
  const logits = await classify(classifier, pick(positionsOf(task)).x, spent);
  const bad = nonFiniteRows(logits, classes);
  const rows = Array.from({ length: count }, (_, row) => row);
  return {
    predictions: predictions(logits, classes),
    nonFinite: Int32Array.from(rows.filter((row) => bad[row] === 1).map((row) => start + row)),
    probabilityRows: rows.filter((row) => isDistribution(logits.subarray(row * classes, (row + 1) * classes))).length,
  };
}

/** Whether the scores are all in [0, 1] and sum to 1, within 1e-5, as AutoAttack tests for a softmax output. */
function isDistribution(scores: Float32Array): boolean {
  const sum = scores.reduce((total, score) => total + score, 0);
  return Math.abs(sum - 1) <= 1e-5 && scores.every((score) => score >= -1e-5 && score <= 1 + 1e-5);
}

async function performAttack(task: AttackTask, bench: Bench): Promise<AttackTaskOutcome> {
  const { classifier } = bench;
  const started = bench.now();
  const { line } = task;
  const size = imageSize(classifier);
  const met = task.meets ?? Int32Array.from(task.examples.keys());
  const examples = positionsOf(task);
  const { x: chunk, y: chunkY } = bench.pick(examples);
  const needsLogits = line.targets === 'runner-up' || line.targets === 'least-likely';
  const logits = needsLogits ? await classify(classifier, chunk) : new Float32Array();
  const { rowsPerExample, source, target } = expandRows(line.targets, chunkY, classifier.classes, () => logits);
  const x = gather(chunk, source, size);
  const norm = line.norm ?? task.norm;
  const result = await runAttack({
    attack: findAttack(line.attack),
    options: line.options,
    classifier,
    surrogates: (line.surrogates ?? []).map((id) => surrogateOf(bench, id)),
    x,
    y: source.map((i) => chunkY[i] as number),
    target,
    examples: source.map((i) => examples[i] as number),
    norm,
    epsilon: line.ball === 'track' ? task.epsilon : Number.POSITIVE_INFINITY,
    seed: task.seed,
    stream: line.id,
    chunk: task.chunk,
    spent: bench.spent,
  });
  const inTrackNorm = norm === task.norm ? result.distance : distances(x, result.xAdv, size, task.norm);
  const judged = judgeRows(result.success, result.distance, inTrackNorm, task.epsilon);
  const kept = keptRows(task, norm, judged.code);
  const place = (row: number) =>
    (met[Math.floor(row / rowsPerExample)] as number) * rowsPerExample + (row % rowsPerExample);
  const rows = task.examples.length * rowsPerExample;
  return {
    rowsPerExample,
    code: scatter(judged.code, new Uint8Array(rows), place),
    distance: scatter(judged.distance, new Float64Array(rows), place),
    trackDistance: scatter(judged.trackDistance, new Float64Array(rows), place),
    kept: kept.map(place),
    images: gather(result.xAdv, kept, size),
    forwardCalls: result.forwardCalls + (needsLogits ? examples.length : 0),
    gradientCalls: result.gradientCalls,
    nonFinite: result.nonFinite,
    rejected: result.rejected,
    lost: result.lost,
    zeroGradientShare: result.zeroGradientShare,
    seconds: (bench.now() - started) / 1000,
  };
}

async function performProbe(task: ProbeTask, bench: Bench): Promise<ProbeOutcome> {
  const { classifier } = bench;
  const started = bench.now();
  const { line, norm, epsilon, seed, examples, standing } = task;
  const { x, y } = bench.pick(positionsOf(task));
  const probe = findProbe(task.probe);
  const { spent } = bench;
  const reading = await probe.measure({ classifier, x, y, examples, standing, norm, epsilon, seed, line, spent });
  return { reading, seconds: (bench.now() - started) / 1000 };
}

async function performCertify(task: CertifyTask, { sent, pick, now, spent }: Bench): Promise<CertifyOutcome> {
  const started = now();
  if (sent === undefined || !('submission' in sent)) throw new Error('only a submission is certified');
  // The lab has no use for it.
  const { findCertificate } = await import('../certificates/index.ts');
  const { certificate, norm, epsilon, seed, examples } = task;
  const { x, y } = pick(examples);
  const { submission } = sent;
  const method = findCertificate(certificate.method);
  const context = { submission, x, y, examples, norm, epsilon, seed, spent };
  const numbers = await method.measure(context, method.optionsSchema.parse(certificate.options));
  return { numbers, seconds: (now() - started) / 1000 };
}

/** Puts each value at its place in `into`. */
function scatter<T extends Uint8Array | Float64Array>(values: T, into: T, place: (row: number) => number): T {
  values.forEach((value, row) => {
    into[place(row)] = value;
  });
  return into;
}

function surrogateOf({ surrogates }: Bench, id: string): Classifier {
  const surrogate = surrogates?.[id];
  if (surrogate !== undefined) return surrogate;
  throw new ParapetError('usage', `surrogate ${id} is not there to craft on`);
}

/** A success lies beyond the track's ball or breaks the row; distances of what held are 0. */
function judgeRows(success: Uint8Array, distance: Float64Array, inTrackNorm: Float64Array, epsilon: number) {
  const code = success.map((ok, row) => {
    if (ok === 0) return outcome.held;
    return inBall(inTrackNorm[row] as number, epsilon) ? outcome.broken : outcome.beyond;
  });
  return {
    code,
    distance: distance.map((d, row) => (code[row] === outcome.held ? 0 : d)),
    trackDistance: inTrackNorm.map((d, row) => {
      if (code[row] === outcome.held) return 0;
      // The judge forgives a rounding error at the edge; the curve must not put such an image beyond ε.
      return code[row] === outcome.broken ? Math.min(d, epsilon) : d;
    }),
  };
}

/** Evidence needs what broke a row, and what came closest to it in the track's norm; not what minimised another norm. */
function keptRows({ keep, norm: trackNorm }: AttackTask, norm: Norm, code: Uint8Array): Int32Array {
  const rows: number[] = [];
  if (keep === 'none') return new Int32Array();
  code.forEach((c, row) => {
    const useful = c === outcome.broken || (c === outcome.beyond && norm === trackNorm);
    if (keep === 'all' || useful) rows.push(row);
  });
  return Int32Array.from(rows);
}

/** The rows named, one after another. */
export function gather(values: Float32Array, rows: Int32Array, size: number): Float32Array {
  const result = new Float32Array(rows.length * size);
  rows.forEach((row, i) => {
    result.set(values.subarray(row * size, (row + 1) * size), i * size);
  });
  return result;
}

function imageSize({ inputShape: [height, width, channels] }: Classifier): number {
  return height * width * channels;
}
