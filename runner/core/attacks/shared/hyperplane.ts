import * as tf from '@tensorflow/tfjs';
import { signOf } from '../../tensors.ts';
import type { ConvexNorm } from './row-norms.ts';

const AXES = [1, 2, 3];

/**
 * Newton steps towards the multiplier of L∞ and L2. On images one to six suffice; a row that needs more comes out short of its
 * plane, never past it.
 */
const NEWTON_STEPS = 10;
/** Halvings of the interval in which the threshold of L1 lies: to the last bit of a float32 between 0 and 1. */
const BISECTIONS = 24;
/** Stands for a multiplier beyond every limit; finite, so that its product with 0 is 0. */
const UNBOUNDED = 1e30;

/**
 * The smallest change, in L∞, L2 or L1, that takes each point onto a hyperplane without leaving the pixel range: it minimises |d|
 * subject to w · d = −gap and 0 ≤ point + d ≤ 1. Where no point of the range lies on the plane, d goes to the corner nearest to it.
 *
 * Every value can move towards the plane by its room r up to the edge of the range, and closes |w| of the gap per unit.
 * L∞: |d| = min(λ, r) for the λ at which Σ |w| |d| = |gap|; L2: |d| = min(λ |w|, r). Both sums are concave and piecewise linear in
 * λ, so Newton's method from 0 reaches the root from below in a few steps, without sorting. L1: values of the largest |w| go to
 * the edge of the range first; bisection finds the |w| down to which they do, and those at it go part of the way, alike.
 * No step looks at another row.
 *
 * Source of the problem: Croce & Hein, "Minimally distorted Adversarial Examples with a Fast Adaptive Boundary Attack",
 * ICML 2020, https://arxiv.org/abs/1907.02044, §2.1 (eq. 4), where it is solved by sorting.
 * @param points [rows, height, width, channels], in [0, 1]
 * @param normal w, of the same shape; values that are NaN or infinite are for the caller to remove
 * @param gap w · point − b of each row, [rows, 1, 1, 1], with its sign
 * @returns d; the caller disposes of it
 */
export function ontoHyperplane(
  points: tf.Tensor4D,
  normal: tf.Tensor4D,
  gap: tf.Tensor4D,
  norm: ConvexNorm,
): tf.Tensor4D {
  return tf.tidy(() => {
    const largest = tf.max(tf.abs(normal), AXES, true);
    const scale = tf.where(tf.greater(largest, 0), largest, tf.onesLike(largest));
    const weights = tf.div(normal, scale) as tf.Tensor4D;
    const direction = tf.mul(signOf(weights), tf.neg(signOf(gap)));
    const room = tf.where(tf.greater(direction, 0), tf.sub(1, points), points);
    const problem = { speed: tf.abs(weights), room, goal: tf.div(tf.abs(gap), scale) };
    const size = norm === 'L1' ? greedy(problem) : shared(problem, norm);
    return tf.mul(direction, size) as tf.Tensor4D;
  });
}

/** How far each value may go, what a unit of it gains, and how much is to be gained by each row. */
interface Problem {
  readonly speed: tf.Tensor;
  readonly room: tf.Tensor;
  readonly goal: tf.Tensor;
}

const sumRows = (values: tf.Tensor) => tf.sum(values, AXES, true);

/** L∞ and L2: every value takes its part until its room is used up. */
function shared({ speed, room, goal }: Problem, norm: 'Linf' | 'L2'): tf.Tensor {
  const gain = tf.mul(speed, room);
  const slope = norm === 'Linf' ? speed : tf.square(speed);
  const none = tf.zerosLike(speed);
  // λ at which a value's room is used up; infinite where it does not move.
  const limit = norm === 'Linf' ? room : tf.div(room, speed);
  let multiplier: tf.Tensor = tf.zerosLike(goal);
  for (let step = 0; step < NEWTON_STEPS; step++) {
    const before = multiplier;
    multiplier = tf.tidy(() => {
      const moving = tf.greater(limit, before);
      const reached = sumRows(tf.where(moving, none, gain));
      const growth = sumRows(tf.where(moving, slope, none));
      const next = tf.div(tf.sub(goal, reached), growth);
      return tf.where(tf.greater(growth, 0), tf.maximum(next, before), before);
    });
  }
  const unreachable = tf.greaterEqual(goal, sumRows(gain));
  multiplier = tf.where(unreachable, tf.fill(goal.shape, UNBOUNDED), multiplier);
  return tf.minimum(norm === 'Linf' ? multiplier : tf.mul(multiplier, speed), room);
}

/** L1: the fastest values first. */
function greedy({ speed, room, goal }: Problem): tf.Tensor {
  const gain = tf.mul(speed, room);
  const none = tf.zerosLike(gain);
  const above = (threshold: tf.Tensor) => sumRows(tf.where(tf.greater(speed, threshold), gain, none));
  let low: tf.Tensor = tf.zerosLike(goal);
  let high: tf.Tensor = tf.onesLike(goal);
  for (let step = 0; step < BISECTIONS; step++) {
    const middle = tf.mul(tf.add(low, high), 0.5);
    const enough = tf.greater(
      tf.tidy(() => above(middle)),
      goal,
    );
    low = tf.where(enough, middle, low);
    high = tf.where(enough, high, middle);
  }
  const whole = above(high);
  const band = tf.sub(above(low), whole);
  const share = tf.clipByValue(
    tf.div(tf.sub(goal, whole), tf.where(tf.greater(band, 0), band, tf.onesLike(band))),
    0,
    1,
  );
  const parts = tf.where(
    tf.greater(speed, high),
    tf.onesLike(speed),
    tf.mul(share, tf.cast(tf.greater(speed, low), 'float32')),
  );
  return tf.mul(room, parts);
}
