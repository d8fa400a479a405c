import * as tf from '@tensorflow/tfjs';
import { ParapetError } from './errors.ts';
import type { Classifier } from './models/classifier.ts';

/** A loss per image: logits [batch, classes] → [batch]. */
export interface PerExampleLoss {
  (logits: tf.Tensor2D): tf.Tensor1D;
  /** 1 for each row that the loss has driven as far as it wants, where a gradient of zero is right; none when absent. */
  readonly settled?: (logits: tf.Tensor2D) => tf.Tensor1D;
}

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
  /**
   * As `gradient`, for several losses that share one forward pass.
   * @returns `gradients` in the order of `losses`
   */
  gradients(
    x: tf.Tensor4D,
    losses: readonly PerExampleLoss[],
  ): { logits: tf.Tensor2D; gradients: readonly tf.Tensor4D[] };
}

/** A gradient model that knows how many of its gradients said nothing; to be disposed of. */
export interface MeteredGradientModel extends GradientModel {
  /** How many images' gradients, of those computed so far, were zero or not a number throughout, and should not have been. */
  zeroGradients(): Promise<number>;
  /** Frees the meter; the classifier stays. */
  dispose(): void;
}

/** The one place where anything is derived from a classifier's logits by differentiation. */
export function gradientModel(classifier: Classifier): MeteredGradientModel {
  const counts: CallCounts = { forwardCalls: 0, gradientCalls: 0 };
  // On the device, so that counting costs no round trip per call.
  let zeros: tf.Scalar | null = null;

  function meter(gradient: tf.Tensor4D, logits: tf.Tensor2D, { settled }: PerExampleLoss) {
    const sum = tf.tidy(() => {
      const silent = tf.sub(1, tf.max(tf.cast(tf.greater(tf.abs(gradient), 0), 'float32'), [1, 2, 3]));
      const count = tf.sum(settled === undefined ? silent : tf.mul(silent, tf.sub(1, settled(logits)))) as tf.Scalar;
      return zeros === null ? count : tf.add(zeros, count);
    });
    zeros?.dispose();
    zeros = tf.keep(sum) as tf.Scalar;
  }

  function gradients(x: tf.Tensor4D, losses: readonly PerExampleLoss[]) {
    counts.forwardCalls += x.shape[0];
    counts.gradientCalls += x.shape[0] * losses.length;
    return tf.tidy(() => {
      const result = differentiate(classifier, x, losses);
      for (const [i, loss] of losses.entries()) meter(result.gradients[i] as tf.Tensor4D, result.logits, loss);
      return result;
    });
  }

  return {
    inputShape: classifier.inputShape,
    classes: classifier.classes,
    counts,
    logits(x) {
      counts.forwardCalls += x.shape[0];
      return tf.tidy(() => logitsOf(classifier, x));
    },
    gradient(x, loss) {
      const { logits, gradients: all } = gradients(x, [loss]);
      return { logits, gradient: all[0] as tf.Tensor4D };
    },
    gradients,
    zeroGradients: async () => (zeros === null ? 0 : ((await zeros.data())[0] as number)),
    dispose() {
      zeros?.dispose();
      zeros = null;
    },
  };
}

/**
 * One forward pass and a backward pass per loss.
 *
 * tfjs ties a tape to one backward pass. The last loss takes that one; those before it are differentiated while the tape
 * still stands, inside a custom op, so that their backward passes are not recorded on it in turn.
 */
function differentiate(classifier: Classifier, x: tf.Tensor4D, losses: readonly PerExampleLoss[]) {
  const kept: tf.Tensor[] = [];
  try {
    const last = backward(() => {
      const logits = tf.keep(logitsOf(classifier, x));
      kept.push(logits);
      const totals = losses.map((loss) => tf.sum(loss(logits)));
      for (const total of totals.slice(0, -1)) {
        const inner = tf.customGrad((input) => ({
          value: backward(() => total, input as tf.Tensor4D),
          gradFunc: () => {
            throw new Error('a gradient is not differentiated again');
          },
        }));
        kept.push(tf.keep(inner(x)));
      }
      return totals.at(-1) as tf.Tensor;
    }, x);
    // Clones, so that the caller's tidy owns them like any other result.
    const [logits, ...first] = kept.map((tensor) => tensor.clone());
    return { logits: logits as tf.Tensor2D, gradients: [...first, last] as tf.Tensor4D[] };
  } finally {
    for (const tensor of kept) tensor.dispose();
  }
}

/** @throws ParapetError 'submission' when the classifier's scores have another shape than it declares */
function logitsOf(classifier: Classifier, x: tf.Tensor4D): tf.Tensor2D {
  const logits = classifier.logits(x);
  const wanted = [x.shape[0], classifier.classes];
  if (tf.util.arraysEqual(logits.shape, wanted)) return logits;
  throw new ParapetError('submission', `logits: [${logits.shape}] came from the model, wanted [${wanted}]`);
}

/** Gradient of f's value with respect to x; zero where the value does not depend on x, as with a constant classifier. */
export function backward<T extends tf.Tensor>(f: () => tf.Tensor, x: T): T {
  const { grads } = tf.engine().gradients(f, [x], undefined, true);
  return (grads[0] as T | undefined) ?? tf.zerosLike(x);
}
