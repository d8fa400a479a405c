/**
 * Fooling images: images made from nothing that a model is sure of and that show nothing. They are no attacks: there is no image to stay
 * near, no label to be wrong about, and what counts is the confidence.
 *
 * Source: Nguyen et al., "Deep Neural Networks are Easily Fooled", CVPR 2015, https://arxiv.org/abs/1412.1897.
 */
import * as tf from '@tensorflow/tfjs';
import type { Classifier } from '../models/classifier.ts';

/** One image for each class of a model, in the order of the classes. */
export interface FoolingImages {
  /** [classes × height × width × channels], in [0, 1] */
  readonly images: Float32Array;
  /** Softmax probability that the model gives to each image's class, [classes]. */
  readonly confidences: Float64Array;
  /** Images that the model was asked about. */
  readonly queries: number;
}

export interface FoolingRequest {
  readonly classifier: Classifier;
  readonly seed: number;
  /**
   * Awaited after each round (a generation, a step), the first included.
   * @param confidences as they are then, [classes]; they change with the next round
   */
  readonly onRound?: (confidences: Float64Array) => Promise<void> | void;
}

/** Values in an image of the classifier. */
export function imageSize({ inputShape: [height, width, channels] }: Classifier): number {
  return height * width * channels;
}

/**
 * Softmax probabilities of images, in float64 from the logits; 0 throughout for a row of logits that is not finite.
 * @param images [n × size]
 * @returns [n × classes]
 */
export async function probabilities(classifier: Classifier, images: Float32Array): Promise<Float64Array> {
  const { inputShape, classes } = classifier;
  const count = images.length / imageSize(classifier);
  const batch = tf.tensor4d(images.slice(), [count, ...inputShape]);
  const logits = classifier.logits(batch);
  const scores = await logits.data<'float32'>();
  tf.dispose([batch, logits]);
  const result = new Float64Array(count * classes);
  for (let row = 0; row < count; row++) {
    const own = scores.subarray(row * classes, (row + 1) * classes);
    if (!own.every(Number.isFinite)) continue;
    const largest = Math.max(...own);
    const total = own.reduce((sum, score) => sum + Math.exp(score - largest), 0);
    for (let c = 0; c < classes; c++) result[row * classes + c] = Math.exp((own[c] as number) - largest) / total;
  }
  return result;
}
