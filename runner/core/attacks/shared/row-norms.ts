import * as tf from '@tensorflow/tfjs';
import type { Norm } from '../../projections.ts';

/** The norms whose balls are convex, in which a boundary has one distance. */
export const convexNorms = ['Linf', 'L2', 'L1'] as const;
export type ConvexNorm = (typeof convexNorms)[number];

const AXES = [1, 2, 3];
const DUAL = { Linf: 'L1', L2: 'L2', L1: 'Linf' } as const;

/** Length of each row in the norm, [rows, 1, 1, 1]; L2 by the row's largest value first, so that no square underflows. */
export function rowNorms(values: tf.Tensor4D, norm: ConvexNorm): tf.Tensor4D {
  return tf.tidy(() => {
    const sizes = tf.abs(values);
    if (norm === 'L1') return tf.sum(sizes, AXES, true);
    const largest = tf.max(sizes, AXES, true) as tf.Tensor4D;
    if (norm === 'Linf') return largest;
    const scale = tf.where(tf.greater(largest, 0), largest, tf.onesLike(largest));
    return tf.mul(largest, tf.sqrt(tf.sum(tf.square(tf.div(values, scale)), AXES, true)));
  });
}

/** Length of each row in the dual norm: a linear function with these coefficients grows so fast per unit of distance. */
export function dualNorms(values: tf.Tensor4D, norm: ConvexNorm): tf.Tensor4D {
  return rowNorms(values, DUAL[norm]);
}

/** Distance that a change of each row covers, [rows, 1, 1, 1]; L0 counts the values that are not 0. */
export function lengths(change: tf.Tensor4D, norm: Norm): tf.Tensor4D {
  if (norm !== 'L0') return rowNorms(change, norm);
  return tf.tidy(() => tf.sum(tf.cast(tf.notEqual(change, 0), 'float32'), AXES, true));
}
