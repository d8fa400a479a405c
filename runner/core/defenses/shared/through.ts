/** What the defenses share that change the image before one net sees it. */
import * as tf from '@tensorflow/tfjs';
import type { Classifier } from '../../models/classifier.ts';

/** @param change makes the images that the net sees, of the same shape; what it leaves behind is disposed of */
export function through(
  [classifier]: readonly [Classifier, ...Classifier[]],
  change: (x: tf.Tensor4D) => tf.Tensor4D,
): Classifier {
  const { inputShape, classes, notes = [] } = classifier;
  return {
    ...{ inputShape, classes, notes },
    logits: (x) => tf.tidy(() => classifier.logits(change(x))),
    dispose: () => classifier.dispose(),
  };
}

/**
 * A function whose gradient is that of the identity: BPDA where the function changes an image but little.
 *
 * Source: Athalye et al., "Obfuscated Gradients Give a False Sense of Security", ICML 2018, https://arxiv.org/abs/1802.00420, §4.1.
 * @param change keeps the shape
 */
export function straightThrough(change: (x: tf.Tensor4D) => tf.Tensor4D): (x: tf.Tensor4D) => tf.Tensor4D {
  return (x) => {
    const substituted = tf.customGrad((images) => ({
      value: change(images as tf.Tensor4D),
      gradFunc: (dy: tf.Tensor) => dy,
    }));
    return substituted(x) as tf.Tensor4D;
  };
}
