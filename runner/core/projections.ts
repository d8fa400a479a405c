import * as tf from '@tensorflow/tfjs';
import { perRow, unitRows } from './tensors.ts';

/** The norms that a perturbation is measured in; L0 counts changed input values. */
export const norms = ['L0', 'L1', 'L2', 'Linf'] as const;
export type Norm = (typeof norms)[number];

/** Share of ε by which float32 rounding may carry an image over the edge of its ball. */
export const BALL_TOLERANCE = 1e-6;

/**
 * Projects images onto the box [0, 1] and the ε-ball around their originals, in place, so that the stored float32 values lie
 * in both. Box first: every ball projection here moves values towards x, which is in the box, so it never leaves it again.
 *
 * Always around x, never around an earlier iterate; rows already within `BALL_TOLERANCE` of the ball are left as they are.
 * @param x originals, [rows × size], in [0, 1]
 * @param xAdv images to project, finite, [rows × size]
 * @param size values per row
 * @param epsilon radius in pixel units, number of values for L0, or Infinity for the box alone
 */
export function project(x: Float32Array, xAdv: Float32Array, size: number, norm: Norm, epsilon: number): void {
  for (let i = 0; i < xAdv.length; i++) xAdv[i] = Math.min(1, Math.max(0, xAdv[i] as number));
  if (epsilon === Number.POSITIVE_INFINITY) return;
  const onto = { L0: ontoL0, L1: ontoL1, L2: ontoL2, Linf: ontoLinf }[norm];
  for (let start = 0; start < xAdv.length; start += size) {
    onto(x.subarray(start, start + size), xAdv.subarray(start, start + size), epsilon);
  }
}

const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

/** The float32 nearest to `value` ≥ 0 on the side of `origin`. */
function roundTowards(value: number, origin: number): number {
  float[0] = value;
  const rounded = float[0];
  if (origin <= value ? rounded <= value : rounded >= value) return rounded;
  // Bit patterns of non-negative floats are ordered like the floats.
  bits[0] = (bits[0] as number) + (origin <= value ? -1 : 1);
  return float[0];
}

function ontoLinf(x: Float32Array, xAdv: Float32Array, epsilon: number) {
  for (let i = 0; i < x.length; i++) {
    const origin = x[i] as number;
    const value = xAdv[i] as number;
    if (value > origin + epsilon) xAdv[i] = roundTowards(origin + epsilon, origin);
    else if (value < origin - epsilon) xAdv[i] = roundTowards(origin - epsilon, origin);
  }
}

function ontoL2(x: Float32Array, xAdv: Float32Array, epsilon: number) {
  const length = l2(x, xAdv);
  if (length <= epsilon * (1 + BALL_TOLERANCE)) return;
  const scale = epsilon / length;
  for (let i = 0; i < x.length; i++) {
    const origin = x[i] as number;
    xAdv[i] = roundTowards(origin + scale * ((xAdv[i] as number) - origin), origin);
  }
}

function l2(x: Float32Array, xAdv: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += ((xAdv[i] as number) - (x[i] as number)) ** 2;
  return Math.sqrt(sum);
}

/**
 * Euclidean projection onto the L1 ball: every change shrinks by one threshold.
 * Source: Duchi et al., "Efficient Projections onto the l1-Ball", ICML 2008, https://doi.org/10.1145/1390156.1390191, fig. 1.
 */
function ontoL1(x: Float32Array, xAdv: Float32Array, epsilon: number) {
  const changes = Float64Array.from(xAdv, (value, i) => Math.abs(value - (x[i] as number)));
  const total = changes.reduce((sum, change) => sum + change, 0);
  if (total <= epsilon * (1 + BALL_TOLERANCE)) return;
  const sorted = changes.slice().sort().reverse();
  let threshold = 0;
  let sum = 0;
  for (let k = 0; k < sorted.length; k++) {
    sum += sorted[k] as number;
    const candidate = (sum - epsilon) / (k + 1);
    if ((sorted[k] as number) <= candidate) break;
    threshold = candidate;
  }
  for (let i = 0; i < x.length; i++) {
    const origin = x[i] as number;
    const left = Math.max(0, (changes[i] as number) - threshold);
    xAdv[i] = left === 0 ? origin : roundTowards(origin + Math.sign((xAdv[i] as number) - origin) * left, origin);
  }
}

/** Keeps the `epsilon` largest changes, of equal ones the first, and takes back the others. */
function ontoL0(x: Float32Array, xAdv: Float32Array, epsilon: number) {
  const changed: number[] = [];
  for (let i = 0; i < x.length; i++) if (xAdv[i] !== x[i]) changed.push(i);
  if (changed.length <= epsilon) return;
  const change = (i: number) => Math.abs((xAdv[i] as number) - (x[i] as number));
  changed.sort((a, b) => change(b) - change(a) || a - b);
  for (const i of changed.slice(Math.floor(epsilon))) xAdv[i] = x[i] as number;
}

/**
 * As `project` for L∞ and L2 within an attack's loop, on tensors and up to float32 rounding; the frame projects what it returns.
 * @returns a new tensor; the caller disposes of it
 */
export function projectTensor(x: tf.Tensor4D, xAdv: tf.Tensor4D, norm: 'L2' | 'Linf', epsilon: number): tf.Tensor4D {
  return tf.tidy(() => {
    if (epsilon === Number.POSITIVE_INFINITY) return tf.clipByValue(xAdv, 0, 1);
    if (norm === 'Linf') {
      return tf.clipByValue(tf.minimum(tf.maximum(xAdv, tf.sub(x, epsilon)), tf.add(x, epsilon)), 0, 1) as tf.Tensor4D;
    }
    const change = tf.sub(tf.clipByValue(xAdv, 0, 1), x) as tf.Tensor4D;
    const length = tf.sqrt(tf.sum(tf.square(change), [1, 2, 3], true));
    const outside = tf.greater(length, epsilon);
    return tf.add(x, tf.where(outside, tf.mul(unitRows(change), epsilon), change)) as tf.Tensor4D;
  });
}

/**
 * Nearest points of the L1 ball and the pixel range together, up to float32 rounding: every change shrinks by one threshold t
 * per image and stops at black or white.
 *
 * The thresholds are looked for on the host, where passes over the changes cost less than as many kernels.
 *
 * Source: Croce & Hein, "Mind the Box: l1-APGD for Sparse Adversarial Attacks on Image Classifiers", ICML 2021,
 * https://arxiv.org/abs/2103.01208, prop. 2.1.
 * @param xAdv finite
 * @returns a new tensor; the caller disposes of it
 */
export async function projectTensorL1(x: tf.Tensor4D, xAdv: tf.Tensor4D, epsilon: number): Promise<tf.Tensor4D> {
  if (epsilon === Number.POSITIVE_INFINITY) return tf.tidy(() => tf.clipByValue(xAdv, 0, 1));
  const { change, limit } = tf.tidy(() => {
    const difference = tf.sub(xAdv, x);
    const room = tf.where(tf.greater(difference, 0), tf.sub(1, x), x);
    return { change: tf.abs(difference), limit: tf.minimum(tf.abs(difference), room) };
  });
  const [changes, limits] = await Promise.all([change.data<'float32'>(), limit.data<'float32'>()]);
  const size = x.size / x.shape[0];
  const thresholds = Array.from({ length: x.shape[0] }, (_, row) => {
    const [from, to] = [row * size, (row + 1) * size];
    return l1Threshold(changes.subarray(from, to), limits.subarray(from, to), epsilon);
  });
  const projected = tf.tidy(() => {
    const left = tf.minimum(tf.relu(tf.sub(change, perRow(thresholds))), limit);
    return tf.add(x, tf.where(tf.greater(xAdv, x), left, tf.neg(left))) as tf.Tensor4D;
  });
  tf.dispose([change, limit]);
  return projected;
}

/** Newton's method ends on the right piece after a few steps; where it leaves the bracket, that halves. */
const THRESHOLD_STEPS = 100;
/** Share of ε, a tenth of what float32 resolves. */
const THRESHOLD_PRECISION = 1e-8;

/**
 * The t ≥ 0 at which Σ min(max(change − t, 0), limit) falls to ε; 0 where it is below from the start.
 * @param changes absolute changes
 * @param limits how far each may go: at most its change
 */
export function l1Threshold(changes: Float32Array, limits: Float32Array, epsilon: number): number {
  let low = 0;
  let high = 0;
  for (const change of changes) high = Math.max(high, change);
  let threshold = 0;
  for (let step = 0; step < THRESHOLD_STEPS; step++) {
    let total = 0;
    let moving = 0;
    for (let i = 0; i < changes.length; i++) {
      const left = (changes[i] as number) - threshold;
      const limit = limits[i] as number;
      if (left <= 0) continue;
      if (left <= limit) moving++;
      total += left < limit ? left : limit;
    }
    const excess = total - epsilon;
    if (Math.abs(excess) <= THRESHOLD_PRECISION * epsilon || (excess < 0 && threshold === 0)) break;
    if (excess > 0) low = threshold;
    else high = threshold;
    const newton = threshold + excess / moving;
    threshold = newton > low && newton < high ? newton : (low + high) / 2;
  }
  return threshold;
}
