/**
 * Label smoothing: the cross-entropy of probabilities that give the share s to all classes alike and the rest to the right one.
 *
 * Sources: Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", CVPR 2016, https://arxiv.org/abs/1512.00567, §7
 * (s = 0.1); as a defense: Warde-Farley & Goodfellow, "Adversarial Perturbations of Deep Neural Networks", in: Perturbations, Optimization,
 * and Statistics, MIT Press 2016, who found it to do what defensive distillation does.
 */
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { onePhase, type TrainingMethod } from './method.ts';
import { crossEntropy, differentiate } from './objective.ts';
import { descentOptions } from './options.ts';

const optionsSchema = z.strictObject({
  ...descentOptions,
  smoothing: z.number().min(0).max(1).default(0.1).describe('Share of the probability that all classes get alike.'),
});

export const labelSmoothing: TrainingMethod<typeof optionsSchema> = {
  id: 'label-smoothing',
  name: 'Label smoothing',
  paper: 'https://arxiv.org/abs/1512.00567',
  optionsSchema,
  phases: ({ epochs, smoothing }) =>
    onePhase(epochs, (step) => {
      const labels = tf.add(tf.mul(step.labels, 1 - smoothing), smoothing / step.architecture.classes) as tf.Tensor2D;
      return differentiate(step, ({ scores }) => crossEntropy(scores(step.x), labels));
    }),
};
