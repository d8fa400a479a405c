import * as tf from '@tensorflow/tfjs';
import type { Preprocessing } from '../submission-models.ts';
import type { Classifier } from './classifier.ts';

/**
 * Images as a net was trained on: (x − mean) / std, channel by channel.
 * @param x images, float32 [batch, height, width, channels]
 */
export function preprocessed(x: tf.Tensor4D, { mean, std }: Preprocessing): tf.Tensor4D {
  return tf.div(tf.sub(x, tf.tensor1d([...mean])), tf.tensor1d([...std]));
}

/** A classifier that takes images in [0, 1] and hands them on preprocessed; it owns the one that it is given. */
export function withPreprocessing(classifier: Classifier, preprocessing: Preprocessing): Classifier {
  return { ...classifier, logits: (x) => tf.tidy(() => classifier.logits(preprocessed(x, preprocessing))) };
}
