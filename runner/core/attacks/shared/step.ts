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

/** The norms in which a step has a direction. */
export const stepNorms = [...steepestNorms, 'L1'] as const;
export type StepNorm = (typeof stepNorms)[number];

/**
 * Sparse ascent in L1: the signs of the largest values of the gradient, over their number. In L1 the steepest direction is one value
 * alone; the share of values that move makes up for it. Values that are at the end of the pixel range already stay out, and
 * so do those that are not finite; ties are all in.
 *
 * Source: Tramèr & Boneh, "Adversarial Training and Robustness for Multiple Perturbations", NeurIPS 2019,
 * https://arxiv.org/abs/1904.13000, the attack SLIDE; the authors' code leaves out values at the end of the range on demand.
 * @param xAdv where the step sets out from
 * @param sparsity share of the values of an image that do not move; at least one does
 * @returns a new tensor; the caller disposes of it
 */
export function sparseSteepest(gradient: tf.Tensor4D, xAdv: tf.Tensor4D, sparsity: number): tf.Tensor4D {
  return tf.tidy(() => {
    const sign = signOf(finiteOrZero(gradient));
    const stuck = tf.logicalOr(
      tf.logicalAnd(tf.greaterEqual(xAdv, 1), tf.greater(sign, 0)),
      tf.logicalAnd(tf.lessEqual(xAdv, 0), tf.less(sign, 0)),
    );
    const size = gradient.size / gradient.shape[0];
    const count = Math.max(1, size - Math.floor(sparsity * size));
    const free = tf.where(stuck, tf.zerosLike(gradient), finiteOrZero(gradient)) as tf.Tensor4D;
    const sizes = tf.abs(free);
    const { values } = tf.topk(tf.reshape(sizes, [gradient.shape[0], size]), count, true);
    const least = tf.reshape(tf.slice(values, [0, count - 1], [-1, 1]), [-1, 1, 1, 1]);
    const chosen = tf.logicalAnd(tf.greaterEqual(sizes, least), tf.greater(sizes, 0));
    const steps = tf.where(chosen, sign, tf.zerosLike(sign));
    return tf.div(steps, tf.maximum(tf.sum(tf.abs(steps), [1, 2, 3], true), 1)) as tf.Tensor4D;
  });
}
