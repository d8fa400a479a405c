import * as tf from '@tensorflow/tfjs';
import type { Classifier } from '../models/classifier.ts';

/**
 * A classifier of images whose values may leave [0, 1] by a margin, as one of images in [0, 1]: u stands for u · (1 + 2 margin) − margin.
 * An attack that keeps to [0, 1] on it is one that does not clip.
 */
export function widened(classifier: Classifier, margin: number): Classifier {
  return {
    inputShape: classifier.inputShape,
    classes: classifier.classes,
    logits: (u) => tf.tidy(() => classifier.logits(tf.sub(tf.mul(u, 1 + 2 * margin), margin))),
    dispose: () => classifier.dispose(),
  };
}

/** What images in [0, 1] stand for on a widened classifier, and a radius in their unit. */
export function outOfBox(u: Float32Array, margin: number): Float32Array {
  return u.map((value) => value * (1 + 2 * margin) - margin);
}

/** The inverse of `outOfBox`. */
export function intoBox(x: Float32Array, margin: number): Float32Array {
  return x.map((value) => (value + margin) / (1 + 2 * margin));
}
