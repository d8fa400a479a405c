/**
 * The RBF net's probabilities as the paper means them: each class says by itself how likely it is, p = exp(score), and they need not sum
 * to 1. That is what lets it answer "none of these".
 */
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { imageSize } from '../../fooling/fooling.ts';
import type { Classifier } from '../../models/classifier.ts';
import { onePhase, type TrainingMethod } from '../../training/method.ts';
import { differentiate } from '../../training/objective.ts';
import { descentOptions } from '../../training/options.ts';

/** Keeps log(1 − p) finite where p rounds to 1. */
const TINY = 1e-6;
/** Weight of the penalty on scores above 0, which no probability has: a precision may become negative on the way. */
const ABOVE = 10;

/** Trains every class to say yes to its own images and no to all others: −log p of the class − Σ log(1 − p) of the others. */
export const yesOrNo: TrainingMethod = {
  id: 'yes-or-no',
  name: 'Each class by itself',
  paper: 'https://arxiv.org/abs/1412.6572',
  optionsSchema: z.strictObject(descentOptions),
  phases: (options) =>
    onePhase((options as { epochs: number }).epochs, (step) =>
      differentiate(step, ({ scores }) => {
        const all = scores(step.x);
        const logYes = tf.minimum(all, -TINY);
        const logNo = tf.log1p(tf.neg(tf.exp(logYes)));
        const likelihood = tf.add(tf.mul(step.labels, logYes), tf.mul(tf.sub(1, step.labels), logNo));
        const loss = tf.sub(tf.mul(ABOVE, tf.relu(all)), likelihood);
        return tf.mean(tf.sum(loss, 1)) as tf.Scalar;
      }),
    ),
};

/** exp(score) of images for each class, in float64, [n × classes]. */
export async function radialProbabilities(classifier: Classifier, images: Float32Array): Promise<Float64Array> {
  const batch = tf.tensor4d(images.slice(), [images.length / imageSize(classifier), ...classifier.inputShape]);
  const logits = classifier.logits(batch);
  const scores = await logits.data<'float32'>();
  tf.dispose([batch, logits]);
  return Float64Array.from(scores, (score) => Math.exp(score));
}
