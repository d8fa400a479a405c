import type * as tf from '@tensorflow/tfjs';

/**
 * A differentiable image classifier. Gradients, probabilities and predictions are derived from `logits`
 * in one place, `#core/gradients.ts`.
 */
export interface Classifier {
  /** [height, width, channels] of one image; pixels are in [0, 1]. */
  readonly inputShape: readonly [height: number, width: number, channels: number];
  /** Number of classes. */
  readonly classes: number;
  /** What was decided about its file that the file does not say: a sentence each. */
  readonly notes?: readonly string[];
  /** What its graph was seen to do at either end; absent for a net that is code of ours. */
  readonly ends?: GraphEnds;
  /**
   * @param x images, float32 [batch, height, width, channels], pixels in [0, 1]
   * @returns unnormalised class scores, float32 [batch, classes]; the caller disposes of them
   */
  logits(x: tf.Tensor4D): tf.Tensor2D;
  /** Frees the weights. */
  dispose(): void;
}

/** What a graph does with images before anything else, and with scores after everything else. */
export interface GraphEnds {
  /** The operator that first shifts or scales the images by constants, as mean and standard deviation do; null when none does. */
  readonly normalises: string | null;
  /** Whether it ended in a softmax, which was left off. */
  readonly softmax: boolean;
}
