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
