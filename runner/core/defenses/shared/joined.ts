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
 * Votes have no gradient; in their place 1/n · Σ zᵢ / sᵢ is differentiated (BPDA), where sᵢ is how far the largest of a net's logits is
 * above the third largest, taken as a constant of each image. A vote does not depend on the scale of a net's logits, and so neither does
 * its substitute. The mean of probabilities does: where some nets have large logits their softmax is flat, and nets with small ones steer.
 * Only where nets vote for as many classes each does their scale matter still, for it decides which of these wins.
 *
 * Sources: Athalye et al., "Obfuscated Gradients Give a False Sense of Security", ICML 2018, https://arxiv.org/abs/1802.00420, §4.1 (BPDA);
 * the divisor is that of the DLR loss: Croce & Hein, ICML 2020, https://arxiv.org/abs/2003.01690, §4.
 * @param logits of each net, [batch, classes]
 */
export function votes(logits: readonly tf.Tensor2D[]): tf.Tensor2D {
  const substituted = tf.customGrad((...inputs) => {
    const save = inputs.pop() as unknown as tf.GradSaveFunc;
    const scores = inputs as tf.Tensor2D[];
    save(scores);
    const ballots = scores.map((of) => tf.oneHot(tf.argMax(of, 1), of.shape[1]));
    const counts = tf.sum(tf.cast(tf.stack(ballots), 'float32'), 0);
    return {
      value: tf.add(counts, tf.exp(logMeanProbabilities(scores))),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        saved.map((of) => tf.div(tf.div(dy, saved.length), scaleOf(of as tf.Tensor2D))),
    };
  });
  return substituted(...logits) as tf.Tensor2D;
}

/** Below this a net's logits count as equal. */
const EQUAL = 1e-30;

/** How far the largest logit is above the third largest, or of two classes the other; 1 where these are equal, [batch, 1]. */
function scaleOf(logits: tf.Tensor2D): tf.Tensor {
  const { values } = tf.topk(logits, Math.min(3, logits.shape[1]));
  const [largest, ...smaller] = tf.split(values, values.shape[1] as number, 1);
  const scale = tf.sub(largest as tf.Tensor, smaller.at(-1) ?? 0);
  return tf.where(tf.greater(scale, EQUAL), scale, tf.onesLike(scale));
}
