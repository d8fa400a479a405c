/** The gradient of a classifier along a direction, and the same by differences. */
import * as tf from '@tensorflow/tfjs';
import { gradientModel } from '../gradients.ts';
import type { Classifier } from '../models/classifier.ts';

const STEP = 5e-4;

/**
 * @param classifier of three classes
 * @param x images, at which and near which it is asked
 */
export function slopeAndQuotient(classifier: Classifier, x: tf.Tensor4D): { slope: number; quotient: number } {
  const score = (logits: tf.Tensor2D) => tf.sum(tf.mul(logits, tf.tensor1d([1, -2, 0.5])), 1) as tf.Tensor1D;
  const { gradient } = gradientModel(classifier).gradient(x, score);
  const direction = tf.randomNormal(x.shape, 0, 1, 'float32', 5) as tf.Tensor4D;
  const slope = tf.sum(tf.mul(gradient, direction)).dataSync()[0] as number;
  const at = (t: number) => score(classifier.logits(tf.add(x, tf.mul(direction, t)))).dataSync()[0] as number;
  return { slope, quotient: (at(STEP) - at(-STEP)) / (2 * STEP) };
}
