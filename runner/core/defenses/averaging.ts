/**
 * Averaging of several nets.
 *
 * Of probabilities: scores = log (1/n · Σ softmax(zᵢ)), so that softmax of the scores is the mean of the nets' probabilities.
 * Of logits: scores = 1/n · Σ zᵢ. Both are differentiated as they stand.
 *
 * Source: Strauss et al., "Ensemble Methods as a Defense to Adversarial Perturbations Against Deep Neural Networks", 2017,
 * https://arxiv.org/abs/1709.03423.
 */
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { Defense } from './defense.ts';
import { joined, logMeanProbabilities } from './shared/joined.ts';

const optionsSchema = z.strictObject({
  of: z
    .enum(['probabilities', 'logits'])
    .default('probabilities')
    .describe('What is averaged: the probabilities of the nets, or their logits'),
});

export const averaging: Defense<typeof optionsSchema> = {
  id: 'averaging',
  name: 'Averaging',
  paper: 'https://arxiv.org/abs/1709.03423',
  description: 'The mean of what the nets say.',
  joins: true,
  randomised: false,
  adaptive: ['exact'],
  optionsSchema,
  wrap: (classifiers, { of }) => joined(classifiers, of === 'logits' ? meanLogits : logMeanProbabilities),
};

function meanLogits(logits: readonly tf.Tensor2D[]): tf.Tensor2D {
  return tf.mean(tf.stack([...logits]), 0);
}
