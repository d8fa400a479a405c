import * as tf from '@tensorflow/tfjs';
import { finiteOrZero, signOf, unitRows } from '../../tensors.ts';

/**
 * Steepest ascent: the direction of length 1 in the norm along which a loss grows fastest.
 * L∞: the sign of the gradient; L2: the gradient over its length. A value that is not finite counts as 0.
 * @returns a new tensor; the caller disposes of it
 */
export function steepest(gradient: tf.Tensor4D, norm: 'L2' | 'Linf'): tf.Tensor4D {
  return tf.tidy(() => (norm === 'Linf' ? signOf(gradient) : unitRows(finiteOrZero(gradient))));
}

/** The norms for which `steepest` is defined. */
export const steepestNorms = ['Linf', 'L2'] as const;
