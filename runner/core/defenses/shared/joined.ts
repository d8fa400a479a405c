/** What the defenses share that make one classifier of several. */
import * as tf from '@tensorflow/tfjs';
import type { Classifier } from '../../models/classifier.ts';

/** @param join makes scores of what each net says, both [batch, classes]; what it leaves behind is disposed of */
export function joined(
  classifiers: readonly [Classifier, ...Classifier[]],
  join: (logits: readonly tf.Tensor2D[]) => tf.Tensor2D,
): Classifier {
  const [{ inputShape, classes }] = classifiers;
  return {
    inputShape,
    classes,
    notes: classifiers.flatMap(({ notes = [] }, i) => notes.map((note) => `net ${i + 1}: ${note}`)),
    logits: (x) => tf.tidy(() => join(classifiers.map((classifier) => classifier.logits(x)))),
    dispose() {
      for (const classifier of classifiers) classifier.dispose();
    },
  };
}

/**
 * log (1/n · Σ softmax(zᵢ)), by log-sum-exp so that nothing underflows.
 * @param logits of each net, [batch, classes]
 */
export function logMeanProbabilities(logits: readonly tf.Tensor2D[]): tf.Tensor2D {
  const logs = logits.map((scores) => tf.logSoftmax(scores));
  return tf.sub(tf.logSumExp(tf.stack(logs), 0), Math.log(logits.length));
}

/**
 * The score of a class is the number of nets that say it, plus the mean of the probabilities that the nets give it. As that mean is at
 * most 1 and is 1 only where all nets vote for the class, the class with the most votes has the largest score, and of classes with
 * as many votes the one with the larger mean probability.
 *
 * Votes have no gradient; in their place log (1/n · Σ softmax(zᵢ)), the averaged probabilities as scores, is differentiated (BPDA).
 *
 * Source of BPDA: Athalye et al., "Obfuscated Gradients Give a False Sense of Security", ICML 2018, https://arxiv.org/abs/1802.00420, §4.1.
 * @param logits of each net, [batch, classes]
 */
export function votes(logits: readonly tf.Tensor2D[]): tf.Tensor2D {
  const substituted = tf.customGrad((surrogate) => {
    const ballots = logits.map((scores) => tf.oneHot(tf.argMax(scores, 1), scores.shape[1]));
    const counts = tf.sum(tf.cast(tf.stack(ballots), 'float32'), 0);
    return { value: tf.add(counts, tf.exp(surrogate as tf.Tensor2D)), gradFunc: (dy: tf.Tensor) => dy };
  });
  return substituted(logMeanProbabilities(logits)) as tf.Tensor2D;
}
