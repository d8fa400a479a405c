/**
 * Majority vote of several nets.
 *
 * The score of a class is the number of nets that say it, plus the mean of the probabilities that the nets give it. As that mean is at
 * most 1 and is 1 only where all nets vote for the class, the class with the most votes has the largest score, and of classes with
 * as many votes the one with the larger mean probability.
 *
 * Votes have no gradient; in their place log (1/n · Σ softmax(zᵢ)), the averaged probabilities as scores, is differentiated (BPDA).
 *
 * Sources: Strauss et al., "Ensemble Methods as a Defense to Adversarial Perturbations Against Deep Neural Networks", 2017,
 * https://arxiv.org/abs/1709.03423; BPDA: Athalye et al., "Obfuscated Gradients Give a False Sense of Security", ICML 2018,
 * https://arxiv.org/abs/1802.00420, §4.1.
 */
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { Defense } from './defense.ts';
import { joined, logMeanProbabilities } from './shared/joined.ts';

const optionsSchema = z.strictObject({});

export const vote: Defense<typeof optionsSchema> = {
  id: 'vote',
  name: 'Majority vote',
  paper: 'https://arxiv.org/abs/1709.03423',
  description:
    'The class that most nets say; of classes with as many votes, the one to which the nets together give the larger probability.',
  joins: true,
  randomised: false,
  adaptive: ['bpda'],
  optionsSchema,
  wrap: (classifiers) => joined(classifiers, votes),
};

function votes(logits: readonly tf.Tensor2D[]): tf.Tensor2D {
  const substituted = tf.customGrad((surrogate) => {
    const ballots = logits.map((scores) => tf.oneHot(tf.argMax(scores, 1), scores.shape[1]));
    const counts = tf.sum(tf.cast(tf.stack(ballots), 'float32'), 0);
    return { value: tf.add(counts, tf.exp(surrogate as tf.Tensor2D)), gradFunc: (dy: tf.Tensor) => dy };
  });
  return substituted(logMeanProbabilities(logits)) as tf.Tensor2D;
}
