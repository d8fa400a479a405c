import * as tf from '@tensorflow/tfjs';
import type { Classifier } from './models/classifier.ts';

/** A loss per image: logits [batch, classes] → [batch]. */
export type PerExampleLoss = (logits: tf.Tensor2D) => tf.Tensor1D;

/** How often a model was asked, in images. */
export interface CallCounts {
  forwardCalls: number;
  gradientCalls: number;
}

/** A classifier with its derivatives; each call is counted, one per image. */
export interface GradientModel {
  readonly inputShape: readonly [height: number, width: number, channels: number];
  readonly classes: number;
  readonly counts: Readonly<CallCounts>;
  /** Class scores [batch, classes]; the caller disposes of them. */
  logits(x: tf.Tensor4D): tf.Tensor2D;
  /**
   * Gradient of each image's own loss with respect to that image, with the logits of the same pass.
   * @returns `logits` [batch, classes] and `gradient`, of x's shape; the caller disposes of both
   */
  gradient(x: tf.Tensor4D, loss: PerExampleLoss): { logits: tf.Tensor2D; gradient: tf.Tensor4D };
}

/** The one place where anything is derived from a classifier's logits by differentiation. */
export function gradientModel(classifier: Classifier): GradientModel {
  const counts: CallCounts = { forwardCalls: 0, gradientCalls: 0 };
  return {
    inputShape: classifier.inputShape,
    classes: classifier.classes,
    counts,
    logits(x) {
      counts.forwardCalls += x.shape[0];
      return tf.tidy(() => classifier.logits(x));
    },
    gradient(x, loss) {
      counts.forwardCalls += x.shape[0];
      counts.gradientCalls += x.shape[0];
      return tf.tidy(() => {
        let logits: tf.Tensor2D | undefined;
        const gradient = tf.grad((input) => {
          logits = tf.keep(classifier.logits(input as tf.Tensor4D));
          return tf.sum(loss(logits));
        })(x) as tf.Tensor4D;
        return { logits: logits as unknown as tf.Tensor2D, gradient };
      });
    },
  };
}
