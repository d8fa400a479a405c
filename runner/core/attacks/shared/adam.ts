import * as tf from '@tensorflow/tfjs';

const BETA_1 = 0.9;
const BETA_2 = 0.999;
/** Less than the customary 1e-8, which is as much as the gradient of a black pixel in the variables of C&W, and would hold it. */
const EPSILON = 1e-10;

/** What Adam remembers of each value: running means of its gradient and of the gradient's square. */
export interface Moments {
  readonly mean: tf.Tensor4D;
  readonly square: tf.Tensor4D;
}

/** What is left of a step size at step t, from 1, while the means still begin: rate · √(1 − β2^t) / (1 − β1^t). */
export function adamRate(rate: number, t: number): number {
  return (rate * Math.sqrt(1 - BETA_2 ** t)) / (1 - BETA_1 ** t);
}

/**
 * One step of Adam: values ← values − rate · mean / (√square + 1e-10), with the means updated first.
 *
 * Source: Kingma & Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, https://arxiv.org/abs/1412.6980, §2, with the
 * order of computation that it gives there for efficiency; β1 = 0.9, β2 = 0.999.
 * @param rate `adamRate` of this step, or one for each row, [rows, 1, 1, 1]
 * @returns new tensors; the caller disposes of them and of those passed in
 */
export function adamStep(
  values: tf.Tensor4D,
  gradient: tf.Tensor4D,
  moments: Moments,
  rate: number | tf.Tensor4D,
): Moments & { values: tf.Tensor4D } {
  return tf.tidy(() => {
    const mean = tf.add(tf.mul(moments.mean, BETA_1), tf.mul(gradient, 1 - BETA_1)) as tf.Tensor4D;
    const square = tf.add(tf.mul(moments.square, BETA_2), tf.mul(tf.square(gradient), 1 - BETA_2)) as tf.Tensor4D;
    const step = tf.div(tf.mul(mean, rate), tf.add(tf.sqrt(square), EPSILON));
    return { mean, square, values: tf.sub(values, step) as tf.Tensor4D };
  });
}
