/**
 * The change of variables that keeps an optimiser in the pixel range: xAdv = (tanh(w) + 1) / 2 for any real w.
 *
 * Source: Carlini & Wagner, "Towards Evaluating the Robustness of Neural Networks", S&P 2017,
 * https://arxiv.org/abs/1608.04644, §V-B.3. Written as sigmoid(2w), which is the same and keeps its precision near black.
 */
import * as tf from '@tensorflow/tfjs';

/** Keeps w finite for black and white; the factor of the authors' code. */
const INSIDE = 0.999999;

/** @returns w of images in [0, 1]; the caller disposes of it */
export function toTanhSpace(x: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => tf.atanh(tf.mul(tf.sub(tf.mul(x, 2), 1), INSIDE) as tf.Tensor4D));
}

/** @returns images of w; the caller disposes of them */
export function fromTanhSpace(w: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => tf.sigmoid(tf.mul(w, 2) as tf.Tensor4D));
}

/**
 * Chain rule: a gradient with respect to images as one with respect to w.
 * @param images `fromTanhSpace(w)`
 */
export function gradientInTanhSpace(images: tf.Tensor4D, gradient: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => tf.mul(gradient, tf.mul(tf.mul(images, 2), tf.sub(1, images))));
}
