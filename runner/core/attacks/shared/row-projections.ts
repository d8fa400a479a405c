/** Projections of changes onto balls around 0 with a radius for each row, on tensors and up to float32 rounding. */
import * as tf from '@tensorflow/tfjs';
import type { Norm } from '../../projections.ts';

const AXES = [1, 2, 3];

/** Rounds of the search for a threshold: enough for float32, and more than the L1 one is known to take. */
const ROUNDS = 24;

/**
 * Nearest point of the ball to each row of `change`.
 * @param radii [rows, 1, 1, 1], in the norm's unit; for L0 whole numbers of at least 1
 * @returns a new tensor; the caller disposes of it
 */
export function projectRows(change: tf.Tensor4D, norm: Norm, radii: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => onto[norm](change, radii));
}

const onto: Record<Norm, (change: tf.Tensor4D, radii: tf.Tensor4D) => tf.Tensor4D> = {
  L0: (change, radii) => keepHighest(change, tf.abs(change), radii),
  L1: ontoL1,
  L2: (change, radii) => {
    const lengths = tf.sqrt(tf.sum(tf.square(change), AXES, true));
    const outside = tf.greater(lengths, radii);
    const scale = tf.where(
      outside,
      tf.div(radii, tf.where(outside, lengths, tf.onesLike(lengths))),
      tf.onesLike(radii),
    );
    return tf.mul(change, scale);
  },
  Linf: (change, radii) => tf.maximum(tf.minimum(change, radii), tf.neg(radii)),
};

/**
 * Keeps the values of each row that rank highest and puts the others to 0, as the projection in L0 does by their sizes.
 * @param ranks not negative
 * @param radii [rows, 1, 1, 1], how many of each row are kept; those that tie with the last all are
 * @returns a new tensor; the caller disposes of it
 */
export function keepHighest(change: tf.Tensor4D, ranks: tf.Tensor4D, radii: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => tf.where(tf.greaterEqual(ranks, largestThreshold(ranks, radii)), change, tf.zerosLike(change)));
}

/**
 * Size of the radius-th largest change of each row, to within a 2^−24 of the largest: those of at least this size are the ones
 * to keep, ties included. Found by halving: no sort, which is slow on most backends.
 */
function largestThreshold(sizes: tf.Tensor4D, radii: tf.Tensor4D): tf.Tensor4D {
  let low: tf.Tensor = tf.zerosLike(radii);
  let high: tf.Tensor = tf.max(sizes, AXES, true);
  for (let round = 0; round < ROUNDS; round++) {
    const middle = tf.mul(tf.add(low, high), 0.5);
    const kept = tf.sum(tf.cast(tf.greaterEqual(sizes, middle), 'float32'), AXES, true);
    const enough = tf.greaterEqual(kept, radii);
    low = tf.where(enough, middle, low);
    high = tf.where(enough, high, middle);
  }
  // The largest threshold that keeps at least `radii`; with `high` fewer are kept, unless they are all of one size.
  const fewer = tf.sum(tf.cast(tf.greaterEqual(sizes, high), 'float32'), AXES, true);
  return tf.where(tf.equal(fewer, radii), high, low) as tf.Tensor4D;
}

/**
 * Every change shrinks by one threshold θ with Σ max(0, |change| − θ) = radius, which is found by Newton's steps from below:
 * θ ← (Σ of the sizes above θ − radius) / their number. They rise to it and reach it, as a rule in less than ten.
 *
 * Source: Michelot, "A finite algorithm for finding the projection of a point onto the canonical simplex of R^n", 1986,
 * https://doi.org/10.1007/BF00938486. What rounding leaves over the radius is scaled away.
 */
function ontoL1(change: tf.Tensor4D, radii: tf.Tensor4D): tf.Tensor4D {
  const sizes = tf.abs(change);
  let threshold: tf.Tensor = tf.zerosLike(radii);
  for (let round = 0; round < ROUNDS / 2; round++) {
    const left = tf.relu(tf.sub(sizes, threshold));
    const count = tf.sum(tf.step(left), AXES, true);
    const over = tf.sub(tf.sum(left, AXES, true), radii);
    threshold = tf.add(threshold, tf.div(tf.relu(over), tf.maximum(count, 1)));
  }
  const left = tf.relu(tf.sub(sizes, threshold));
  const total = tf.sum(left, AXES, true);
  const outside = tf.greater(total, radii);
  const scale = tf.where(outside, tf.div(radii, tf.where(outside, total, tf.onesLike(total))), tf.onesLike(radii));
  return tf.mul(tf.mul(left, scale), tf.sub(tf.step(change), tf.step(tf.neg(change))));
}
