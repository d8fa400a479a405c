/**
 * Losses per image, as functions of its logits z. Each states its own derivative with respect to z, which spares the
 * tape the traps of the ops they are made of: ties of a maximum, cancellation near a probability of 1.
 */
import * as tf from '@tensorflow/tfjs';
import { ParapetError } from './errors.ts';
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

/** Keeps a ratio of logit differences finite where they are all equal. */
const TINY = 1e-12;

/** Indicator of the class at each rank of the logits, from the largest: `ranks` tensors [batch, classes]. */
function atRanks(z: tf.Tensor2D, ranks: number): tf.Tensor[] {
  const classes = tf.range(0, z.shape[1], 1, 'int32');
  const { indices } = tf.topk(z, ranks);
  return Array.from({ length: ranks }, (_, rank) =>
    tf.cast(tf.equal(tf.slice(indices, [0, rank], [-1, 1]), classes), 'float32'),
  );
}

/** −difference / (scale + 1e-12) of linear functions of the logits, each given by its coefficients [batch, classes]. */
function negativeRatio(z: tf.Tensor2D, difference: tf.Tensor, scale: tf.Tensor) {
  const numerator = tf.sum(tf.mul(z, difference), 1, true);
  const denominator = tf.add(tf.sum(tf.mul(z, scale), 1, true), TINY);
  const ratio = tf.div(numerator, denominator);
  const derivative = tf.div(tf.sub(tf.mul(ratio, scale), difference), denominator);
  return { value: tf.neg(tf.squeeze(ratio, [1])), derivative };
}

/**
 * Difference of logits ratio (DLR): −(z[label] − max of the others) / (z(1) − z(3)), with z(k) the k-th largest logit. It does not
 * change when logits are shifted or scaled, so it does not saturate. Positive where the label loses.
 *
 * Source: Croce & Hein, "Reliable evaluation of adversarial robustness with an ensemble of diverse parameter-free attacks",
 * ICML 2020, https://arxiv.org/abs/2003.01690, eq. 6.
 * @param labels class of each image, [batch]
 * @throws ParapetError 'usage' for fewer than three classes
 */
export function dlr(labels: ArrayLike<number>): PerExampleLoss {
  const loss = lossWithDerivative((z) => {
    needClasses('the DLR loss', z.shape[1], 3);
    const own = oneHot(labels, z.shape[1]);
    const [first, second, third] = atRanks(z, 3) as [tf.Tensor, tf.Tensor, tf.Tensor];
    // The label is the largest or it is not; the largest of the others follows.
    const wins = tf.sum(tf.mul(own, first), 1, true);
    const rival = tf.add(tf.mul(wins, second), tf.mul(tf.sub(1, wins), first));
    return negativeRatio(z, tf.sub(own, rival), tf.sub(first, third));
  });
  // With the label third the ratio is 1 whatever the logits, its gradient 0, and the attack at its end.
  const settled = (z: tf.Tensor2D) =>
    tf.cast(tf.notEqual(tf.argMax(z, 1), tf.tensor1d(Array.from(labels), 'int32')), 'float32') as tf.Tensor1D;
  return Object.assign(loss, { settled });
}

/**
 * Targeted difference of logits ratio: −(z[label] − z[target]) / (z(1) − (z(3) + z(4)) / 2). Positive where the target beats the label.
 *
 * Source: as `dlr`, eq. 7.
 * @param labels class of each image, [batch]
 * @param targets class to reach, [batch]
 * @throws ParapetError 'usage' for fewer than four classes
 */
export function targetedDlr(labels: ArrayLike<number>, targets: ArrayLike<number>): PerExampleLoss {
  return lossWithDerivative((z) => {
    needClasses('the targeted DLR loss', z.shape[1], 4);
    const [first, , third, fourth] = atRanks(z, 4) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    const difference = tf.sub(oneHot(labels, z.shape[1]), oneHot(targets, z.shape[1]));
    return negativeRatio(z, difference, tf.sub(first, tf.mul(tf.add(third, fourth), 0.5)));
  });
}

function needClasses(what: string, came: number, wanted: number) {
  if (came >= wanted) return;
  throw new ParapetError(
    'usage',
    `loss: ${what} needs at least ${wanted} classes, the model has ${came}`,
    'use the loss ce or margin',
  );
}

/** Logits that are scaled for `rescaledCrossEntropy` differ by this much from the largest to the third. */
const SPREAD = 10;

/**
 * Cross-entropy of logits that are scaled, image by image, until z(1) − z(3) is 10. The scale counts as a constant of the
 * derivative. Where a model's logits are so large that its cross-entropy is flat in float32, this one is not.
 *
 * Source: the scaling is that of the DLR loss (Croce & Hein, https://arxiv.org/abs/2003.01690, §4.1); that dividing logits undoes
 * saturation is Carlini & Wagner's observation on defensive distillation (https://arxiv.org/abs/1607.04311).
 * @param labels class of each image, [batch]
 * @throws ParapetError 'usage' for fewer than three classes
 */
export function rescaledCrossEntropy(labels: ArrayLike<number>): PerExampleLoss {
  return lossWithDerivative((z) => {
    needClasses('the rescaled cross-entropy', z.shape[1], 3);
    const [first, , third] = atRanks(z, 3) as [tf.Tensor, tf.Tensor, tf.Tensor];
    const spread = tf.sum(tf.mul(z, tf.sub(first, third)), 1, true);
    const scale = tf.div(SPREAD, tf.add(spread, TINY));
    const scaled = tf.mul(tf.sub(z, tf.max(z, 1, true)), scale) as tf.Tensor2D;
    const own = oneHot(labels, z.shape[1]);
    const others = tf.mul(tf.softmax(scaled), tf.sub(1, own));
    const derivative = tf.mul(tf.sub(others, tf.mul(own, tf.sum(others, 1, true))), scale);
    return { value: tf.neg(tf.sum(tf.mul(own, tf.logSoftmax(scaled)), 1)), derivative };
  });
}

/**
 * Probability softmax(z / temperature)[label], differentiated as softmax is: it underflows where the probability does.
 * @param temperature what the logits are divided by; 1 when absent
 */
export function classProbability(labels: ArrayLike<number>, temperature = 1): PerExampleLoss {
  const tempered = (logits: tf.Tensor2D) => (temperature === 1 ? logits : tf.div<tf.Tensor2D>(logits, temperature));
  return (logits) => tf.sum(tf.mul(tf.softmax(tempered(logits)), oneHot(labels, logits.shape[1])), 1);
}

/** Logit z[label]. */
export function classLogit(labels: ArrayLike<number>): PerExampleLoss {
  return (logits) => tf.sum(tf.mul(logits, oneHot(labels, logits.shape[1])), 1);
}

/** Sum of the logits of every class but the label. */
export function otherLogits(labels: ArrayLike<number>): PerExampleLoss {
  return (logits) => tf.sum(tf.mul(logits, tf.sub(1, oneHot(labels, logits.shape[1]))), 1);
}

/** The losses that an attack may increase, by the names that its options use. */
export const attackLosses = ['ce', 'margin', 'dlr', 'rescaled-ce'] as const;
export type AttackLoss = (typeof attackLosses)[number];

/**
 * What an attack increases: the loss of the true class, or, with a target, minus the loss of the target.
 * @param kind `ce` for cross-entropy, `margin` for the difference of logits, `dlr` for that over the spread of the logits,
 * `rescaled-ce` for the cross-entropy of logits brought to one scale
 * @param y true classes, [batch]
 * @param target classes to reach, [batch], or null
 */
export function attackLoss(kind: AttackLoss, y: ArrayLike<number>, target: ArrayLike<number> | null): PerExampleLoss {
  switch (kind) {
    case 'ce':
      return target === null ? crossEntropy(y) : negated(crossEntropy(target));
    case 'margin':
      return target === null ? negated(margin(y)) : margin(target);
    case 'dlr':
      return target === null ? dlr(y) : targetedDlr(y, target);
    case 'rescaled-ce':
      return target === null ? rescaledCrossEntropy(y) : negated(rescaledCrossEntropy(target));
  }
}
