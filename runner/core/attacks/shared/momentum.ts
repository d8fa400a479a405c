import * as tf from '@tensorflow/tfjs';
import { finiteOrZero } from '../../tensors.ts';
import type { Ascent } from './ascent.ts';

/**
 * Gradients summed up over the steps, each over its L1 length: momentum ← decay · momentum + gradient / |gradient|₁. A row of
 * zeros adds nothing.
 *
 * Source: Dong et al., "Boosting Adversarial Attacks with Momentum", CVPR 2018, https://arxiv.org/abs/1710.06081, eq. 6.
 * @returns a new tensor; the caller disposes of it
 */
export function accumulated(momentum: tf.Tensor4D, gradient: tf.Tensor4D, decay: number): tf.Tensor4D {
  return tf.tidy(() => tf.add(tf.mul(momentum, decay), unitL1Rows(gradient)));
}

/**
 * What an ascent climbs along in place of the gradient: its running sum, kept in the state `momentum` of the active set.
 * @param prepared what is summed up; the gradient itself when absent
 */
export function alongMomentum(
  decay: number,
  prepared = (gradient: tf.Tensor4D): tf.Tensor4D => gradient,
): NonNullable<Ascent<'momentum'>['along']> {
  return (gradient, { state, update }) => {
    const momentum = tf.keep(accumulated(state.momentum, prepared(gradient), decay));
    update({ momentum });
    return momentum;
  };
}

/** Each row over its L1 length, by its largest value first: that of a confident net is so small that its inverse overflows. */
function unitL1Rows(values: tf.Tensor4D): tf.Tensor4D {
  const axes = [1, 2, 3];
  const finite = finiteOrZero(values);
  const orOne = (lengths: tf.Tensor) => tf.where(tf.greater(lengths, 0), lengths, tf.onesLike(lengths));
  const scaled = tf.div(finite, orOne(tf.max(tf.abs(finite), axes, true)));
  return tf.div(scaled, orOne(tf.sum(tf.abs(scaled), axes, true)));
}
