/**
 * Losses per image, as functions of its logits z. Each states its own derivative with respect to z, which spares the
 * tape the traps of the ops they are made of: ties of a maximum, cancellation near a probability of 1.
 */
import * as tf from '@tensorflow/tfjs';
import type { PerExampleLoss } from './gradients.ts';
import { oneHot } from './tensors.ts';

/** A loss with its derivative: `of` gives the value [batch] and dLoss/dz [batch, classes]. */
function lossWithDerivative(of: (z: tf.Tensor2D) => { value: tf.Tensor; derivative: tf.Tensor }): PerExampleLoss {
  return (logits) => {
    const apply = tf.customGrad((z, save) => {
      const { value, derivative } = of(z as tf.Tensor2D);
      (save as tf.GradSaveFunc)([derivative]);
      return {
        value,
        gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(tf.expandDims(dy, 1), saved[0] as tf.Tensor),
      };
    });
    return apply(logits) as tf.Tensor1D;
  };
}

/** The same loss with the other sign. */
export function negated(loss: PerExampleLoss): PerExampleLoss {
  return (logits) => tf.neg(loss(logits));
}

/**
 * Cross-entropy −log softmax(z)[label], by the largest logit subtracted first.
 *
 * Its derivative at the label is minus the sum of the other probabilities rather than p − 1, which rounds to 0 at 1e-8
 * already. It still vanishes where the other probabilities themselves underflow, at margins beyond about 100.
 * @param labels class of each image, [batch]
 */
export function crossEntropy(labels: ArrayLike<number>): PerExampleLoss {
  return lossWithDerivative((z) => {
    const own = oneHot(labels, z.shape[1]);
    const others = tf.mul(tf.softmax(z), tf.sub(1, own));
    return {
      value: tf.neg(tf.sum(tf.mul(own, tf.logSoftmax(z)), 1)),
      derivative: tf.sub(others, tf.mul(own, tf.sum(others, 1, true))),
    };
  });
}

/**
 * Margin z[label] − max over the other classes: positive where the label wins.
 *
 * The largest other logit is looked for with the label's masked out, so logits of any sign and size are served; of tied
 * ones a single one receives the derivative. It never saturates.
 *
 * Source: Carlini & Wagner, "Towards Evaluating the Robustness of Neural Networks", S&P 2017,
 * https://arxiv.org/abs/1608.04644, f6 of §IV-A without its floor.
 * @param labels class of each image, [batch]
 */
export function margin(labels: ArrayLike<number>): PerExampleLoss {
  return lossWithDerivative((z) => {
    const own = oneHot(labels, z.shape[1]);
    const masked = tf.where(tf.greater(own, 0), tf.fill(z.shape, -3.4e38), z);
    // Not tf.oneHot: on wasm it writes the bits of integers into a float32 tensor.
    const classes = tf.range(0, z.shape[1], 1, 'int32');
    const rival = tf.cast(tf.equal(tf.expandDims(tf.argMax(masked, 1), 1), classes), 'float32');
    const derivative = tf.sub(own, rival);
    return { value: tf.sum(tf.mul(z, derivative), 1), derivative };
  });
}

/** Probability softmax(z)[label], differentiated as softmax is: it underflows where the probability does. */
export function classProbability(labels: ArrayLike<number>): PerExampleLoss {
  return (logits) => tf.sum(tf.mul(tf.softmax(logits), oneHot(labels, logits.shape[1])), 1);
}

/** Logit z[label]. */
export function classLogit(labels: ArrayLike<number>): PerExampleLoss {
  return (logits) => tf.sum(tf.mul(logits, oneHot(labels, logits.shape[1])), 1);
}

/** Sum of the logits of every class but the label. */
export function otherLogits(labels: ArrayLike<number>): PerExampleLoss {
  return (logits) => tf.sum(tf.mul(logits, tf.sub(1, oneHot(labels, logits.shape[1]))), 1);
}

/**
 * What an attack increases: the loss of the true class, or, with a target, minus the loss of the target.
 * @param kind `ce` for cross-entropy, `margin` for the difference of logits
 * @param y true classes, [batch]
 * @param target classes to reach, [batch], or null
 */
export function attackLoss(
  kind: 'ce' | 'margin',
  y: ArrayLike<number>,
  target: ArrayLike<number> | null,
): PerExampleLoss {
  if (kind === 'ce') return target === null ? crossEntropy(y) : negated(crossEntropy(target));
  return target === null ? negated(margin(y)) : margin(target);
}
