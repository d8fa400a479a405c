import * as tf from '@tensorflow/tfjs';
import { ParapetError } from '../errors.ts';
import { type GradientModel, gradientModel } from '../gradients.ts';
import { adversarial, distances, inBall, inBox, nonFiniteRows, predictions } from '../metrics/judge.ts';
import { asAttacked, type Classifier } from '../models/classifier.ts';
import { type Norm, project } from '../projections.ts';
import { exampleRandom } from '../random.ts';
import { type Spent, spending } from '../spending.ts';
import type { Attack, AttackContext } from './attack.ts';
import { checkInputs } from './shared/check-inputs.ts';
import { parseOptions } from './shared/options.ts';
import { pauser } from './shared/pause.ts';

/** Rows per forward pass of the judge. */
const JUDGE_BATCH = 256;

/** One chunk: the images that are attacked together. */
export interface AttackRequest {
  readonly attack: Attack;
  /** As a suite or a person wrote them; defaults are filled in and mistakes refused here. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly classifier: Classifier;
  /** Models that an attack with access 'transfer' may use in place of the attacked one. */
  readonly surrogates?: readonly Classifier[];
  /** Clean images, [rows × height × width × channels], pixels in [0, 1]. */
  readonly x: Float32Array;
  /** True classes, [rows]. */
  readonly y: Int32Array;
  /** Classes to reach, [rows]; null for an untargeted attack. */
  readonly target: Int32Array | null;
  /** Index of each example in its data set, [rows]. */
  readonly examples: Int32Array;
  readonly norm: Norm;
  /** Radius of the ball; Infinity for none. */
  readonly epsilon: number;
  readonly seed: number;
  /** What the draws are for: the id of the attack's line in its suite. */
  readonly stream: string;
  /** Number of the chunk in its line, by which the draws of a classifier that draws are told apart; 0 when absent. */
  readonly chunk?: number;
  /** Told how far a long attack is. */
  readonly spent?: Spent | undefined;
}

/** What came of a chunk, row by row, as the judge saw it. */
export interface AttackOutcome {
  /** Images in the ball and the box, [rows × size]; the clean image where the attack had nothing to do. */
  readonly xAdv: Float32Array;
  /** 1 where `xAdv` is in the ball and the box, finite, and misclassified, or classified as the target if there is one. */
  readonly success: Uint8Array;
  /** Distance of `xAdv` from x in the norm, in float64 on the float32 values. */
  readonly distance: Float64Array;
  /** 1 where the clean image is classified right. */
  readonly cleanCorrect: Uint8Array;
  /** Forward passes in images, the frame's own included. */
  readonly forwardCalls: number;
  /** Backward passes in images. */
  readonly gradientCalls: number;
  /** Rows whose `xAdv` has logits that are NaN or infinite; they count as success. */
  readonly nonFinite: number;
  /** Rows for which the attack returned a pixel that is NaN or infinite; they are given back clean. */
  readonly rejected: number;
  /**
   * Rows that the attack was told succeed, at some point of its way, and that what it returned does not break. 0 for an attack that may
   * look outside the ball.
   */
  readonly lost: number;
  /** Share of the gradients that were zero or NaN throughout; null when none was computed. */
  readonly zeroGradientShare: number | null;
}

/**
 * Runs an attack on one chunk and judges what it returns. Rows that need no attack (already a success, or ε = 0) are left out
 * of its batch and returned unchanged.
 * @throws ParapetError 'usage' for wrong inputs or options
 */
export async function runAttack(request: AttackRequest): Promise<AttackOutcome> {
  const { attack, classifier, x, y, target, norm, epsilon } = request;
  const { inputShape, classes } = classifier;
  checkInputs({ ...request, inputShape, classes });
  const options = parseOptions(attack, request.options);
  const size = inputShape[0] * inputShape[1] * inputShape[2];
  const { drawing } = classifier;
  const key = { seed: request.seed, line: request.stream, chunk: request.chunk ?? 0 };
  const model = gradientModel(asAttacked(classifier, key));
  // Of one that draws the attack meets other draws than the judge, whose verdict is on its answer.
  const judge = drawing === undefined ? model : gradientModel(classifier);
  const surrogates = (request.surrogates ?? []).map((surrogate) => gradientModel(asAttacked(surrogate, key)));
  try {
    const cleanLogits = await logitsOf(judge, x, size);
    const cleanCorrect = predictions(cleanLogits, classes).map((prediction, row) => Number(prediction === y[row]));
    const success = adversarial(cleanLogits, classes, y, target);
    const nonFinite = nonFiniteRows(cleanLogits, classes);
    const xAdv = x.slice();
    const rows = epsilon === 0 ? new Int32Array() : indices(success, 0);
    let rejected = 0;
    let lost = 0;
    if (rows.length > 0) {
      const clean = takeRows(x, rows, size);
      const context = contextOf(request, model, surrogates, rows);
      const seen = new Uint8Array(rows.length);
      const met =
        drawing !== undefined && averages(options) ? { ...context, adversarial: never } : noting(context, seen);
      const found = await perturbed(attack, { ...met, x: clean }, options, inputShape);
      rejected = restoreNonFinite(clean, found, size);
      project(clean, found, size, norm, epsilon);
      const logits = await logitsOf(judge, found, size);
      const reached = context.adversarial(
        logits,
        rows.map((_, i) => i),
      );
      const broken = nonFiniteRows(logits, classes);
      const boxed = inBox(found, size);
      const distance = distances(clean, found, size, norm);
      for (const [i, row] of rows.entries()) {
        xAdv.set(found.subarray(i * size, (i + 1) * size), row * size);
        success[row] = reached[i] && boxed[i] && inBall(distance[i] as number, epsilon) ? 1 : 0;
        nonFinite[row] = broken[i] as number;
        if (attack.kind === 'fixed-epsilon' && seen[i] === 1 && success[row] === 0) lost++;
      }
    }
    const { forwardCalls, gradientCalls } = model.counts;
    return {
      xAdv,
      success,
      distance: distances(x, xAdv, size, norm),
      cleanCorrect: Uint8Array.from(cleanCorrect),
      forwardCalls: forwardCalls + (judge === model ? 0 : judge.counts.forwardCalls),
      gradientCalls,
      nonFinite: nonFinite.reduce((sum, flag) => sum + flag, 0),
      rejected,
      lost,
      zeroGradientShare: gradientCalls === 0 ? null : (await model.zeroGradients()) / gradientCalls,
    };
  } finally {
    model.dispose();
    for (const surrogate of surrogates) surrogate.dispose();
  }
}

/** The attack's view of some rows of the chunk; its `x` is still to be added. */
function contextOf(
  request: AttackRequest,
  model: GradientModel,
  surrogates: readonly GradientModel[],
  rows: Int32Array,
): Omit<AttackContext, 'x'> {
  const y = rows.map((row) => request.y[row] as number);
  const target = request.target === null ? null : rows.map((row) => request.target?.[row] as number);
  return {
    model,
    surrogates,
    y,
    target,
    norm: request.norm,
    epsilon: request.epsilon,
    random: exampleRandom(request.seed, request.stream),
    examples: rows.map((row) => request.examples[row] as number),
    adversarial: (logits, some) =>
      adversarial(
        logits,
        model.classes,
        some.map((row) => y[row] as number),
        target === null ? null : some.map((row) => target[row] as number),
      ),
    pause: pauser(spending([model, ...surrogates], request.spent)),
  };
}

/**
 * Whether gradients are averaged over draws. Such a line goes all its way: that a mean of some draws is wrong does not mean that the answer
 * is, and an image that was handed back at the first of them would lie where other draws decide.
 */
function averages({ eotSamples }: Record<string, unknown>): boolean {
  return typeof eotSamples === 'number' && eotSamples > 1;
}

/** No row is a success before the judge has seen it. */
function never(_: Float32Array, rows: Int32Array): Uint8Array {
  return new Uint8Array(rows.length);
}

/** The same context, with every row noted that the attack is told succeeds. */
function noting<T extends Pick<AttackContext, 'adversarial'>>(context: T, seen: Uint8Array): T {
  return {
    ...context,
    adversarial(logits, rows) {
      const flags = context.adversarial(logits, rows);
      for (const [i, row] of rows.entries()) if (flags[i] === 1) seen[row] = 1;
      return flags;
    },
  };
}

/** Runs the attack on images given as an array, and checks the form of what comes back. */
async function perturbed(
  attack: Attack,
  context: Omit<AttackContext, 'x'> & { x: Float32Array },
  options: Record<string, unknown>,
  inputShape: Classifier['inputShape'],
): Promise<Float32Array> {
  const x = tf.tensor4d(context.x.slice(), [context.y.length, ...inputShape]);
  let result: tf.Tensor4D | null = null;
  try {
    result = await attack.perturb({ ...context, x }, options);
    if (result.dtype !== 'float32' || !tf.util.arraysEqual(result.shape, x.shape)) {
      const came = `${result.dtype} [${result.shape}]`;
      throw new ParapetError('misbehaved', `${attack.id} returned ${came}, wanted float32 [${x.shape}]`);
    }
    return (await result.data<'float32'>()).slice();
  } finally {
    result?.dispose();
    x.dispose();
  }
}

/** Puts the clean image in place of each row with a value that is not finite. @returns how many there were */
function restoreNonFinite(clean: Float32Array, found: Float32Array, size: number): number {
  let restored = 0;
  for (let start = 0; start < found.length; start += size) {
    if (found.subarray(start, start + size).every(Number.isFinite)) continue;
    found.set(clean.subarray(start, start + size), start);
    restored++;
  }
  return restored;
}

/** Logits of images given as an array, by batches. */
async function logitsOf(model: GradientModel, x: Float32Array, size: number): Promise<Float32Array> {
  const rows = x.length / size;
  const result = new Float32Array(rows * model.classes);
  for (let start = 0; start < rows; start += JUDGE_BATCH) {
    const values = x.slice(start * size, (start + JUDGE_BATCH) * size);
    const batch = tf.tensor4d(values, [values.length / size, ...model.inputShape]);
    const logits = model.logits(batch);
    result.set(await logits.data<'float32'>(), start * model.classes);
    tf.dispose([batch, logits]);
  }
  return result;
}

/** Positions at which `values` holds `value`. */
function indices(values: Uint8Array, value: number): Int32Array {
  const found: number[] = [];
  for (const [i, candidate] of values.entries()) if (candidate === value) found.push(i);
  return Int32Array.from(found);
}

function takeRows(x: Float32Array, rows: Int32Array, size: number): Float32Array {
  const taken = new Float32Array(rows.length * size);
  for (const [i, row] of rows.entries()) taken.set(x.subarray(row * size, (row + 1) * size), i * size);
  return taken;
}
