/**
 * The RBF net as the paper means it: each class says by itself how likely it is, p = exp(score), and the probabilities need not sum to 1, which
 * lets it answer "none of these". Far from its centre a class is unlikely in every direction, so precisions are squares of what is learned:
 * without that, more than a quarter of them became negative, and the net was as easily fooled as a linear one.
 */
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { imageSize } from '../../fooling/fooling.ts';
import type { Architecture } from '../../models/architecture.ts';
import type { Classifier } from '../../models/classifier.ts';
import { rbfMnist } from '../../models/rbf.ts';
import { onePhase, type TrainingMethod } from '../../training/method.ts';
import { differentiate } from '../../training/objective.ts';
import { descentOptions } from '../../training/options.ts';

/** Keeps log(1 − p) finite where p rounds to 1. */
const TINY = 1e-6;

/** `rbf-mnist` with precisions that cannot be negative: 0.1² to begin with. */
export const radialNet: Architecture = {
  ...rbfMnist,
  id: 'rbf-mnist-squares',
  parameters: rbfMnist.parameters.map((parameter) =>
    parameter.name === 'precisions' ? { ...parameter, start: 0.1 } : parameter,
  ),
  prepare: (weights) => ({
    centers: weights['centers'] as tf.Tensor,
    precisions: tf.square(weights['precisions'] as tf.Tensor),
  }),
};

/** Trains every class to say yes to its own images and no to all others: −log p of the class − Σ log(1 − p) of the others. */
export const yesOrNo: TrainingMethod = {
  id: 'yes-or-no',
  name: 'Each class by itself',
  paper: 'https://arxiv.org/abs/1412.6572',
  optionsSchema: z.strictObject(descentOptions),
  phases: (options) =>
    onePhase((options as { epochs: number }).epochs, (step) =>
      differentiate(step, ({ scores }) => {
        const logYes = tf.minimum(scores(step.x), -TINY);
        const logNo = tf.log1p(tf.neg(tf.exp(logYes)));
        const likelihood = tf.add(tf.mul(step.labels, logYes), tf.mul(tf.sub(1, step.labels), logNo));
        return tf.neg(tf.mean(tf.sum(likelihood, 1))) as tf.Scalar;
      }),
    ),
};

/** exp(score) of images for each class: what a net says whose scores are logarithms of probabilities that each class has by itself, in float64, [n × classes]. */
export async function ownProbabilities(classifier: Classifier, images: Float32Array): Promise<Float64Array> {
  const batch = tf.tensor4d(images.slice(), [images.length / imageSize(classifier), ...classifier.inputShape]);
  const logits = classifier.logits(batch);
  const scores = await logits.data<'float32'>();
  tf.dispose([batch, logits]);
  return Float64Array.from(scores, (score) => Math.exp(score));
}
