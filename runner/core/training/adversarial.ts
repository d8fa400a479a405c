/**
 * Adversarial training: every step descends on images that PGD has just made for the net as it stands.
 *
 * Source: Madry et al., "Towards Deep Learning Models Resistant to Adversarial Attacks", ICLR 2018,
 * https://arxiv.org/abs/1706.06083, §2.1 and §4. The idea of training on adversarial images, with one step of FGSM, is
 * Goodfellow's (https://arxiv.org/abs/1412.6572, §6): `attackSteps: 1` with `relativeStepSize: 1` is close to it.
 * Departs from the paper in two ways: the radius grows during the first epochs, without which a net on MNIST at ε = 0.3 may
 * never leave the constant answer; and the learning rate falls to 0 in a straight line at the end, so few epochs suffice.
 */
import { z } from 'zod';
import type { TrainingMethod } from './method.ts';
import { descentOptions } from './options.ts';

const optionsSchema = z.strictObject({
  ...descentOptions,
  dropout: descentOptions.dropout.default(0),
  learningRate: descentOptions.learningRate.default(0.01),
  norm: z.enum(['Linf', 'L2']).default('Linf').describe('Norm of the ball that is trained against.'),
  epsilon: z.number().positive().max(100).default(0.3).describe('Radius of that ball in pixel units.'),
  attackSteps: z.int().min(1).max(1000).default(10).describe('Steps of PGD for each image of each step.'),
  relativeStepSize: z
    .number()
    .positive()
    .max(2)
    .default(0.25)
    .describe('Length of a step of PGD as a fraction of the radius.'),
  warmupEpochs: z.int().min(0).max(1000).default(5).describe('Epochs over which the radius grows from 0 to epsilon.'),
  annealEpochs: z
    .int()
    .min(0)
    .max(1000)
    .default(10)
    .describe('Last epochs, over which the learning rate falls to 0 in a straight line.'),
});

export const adversarial: TrainingMethod<typeof optionsSchema> = {
  id: 'adversarial',
  name: 'Adversarial training',
  paper: 'https://arxiv.org/abs/1706.06083',
  optionsSchema,
  phases: ({ epochs, norm, epsilon, attackSteps, relativeStepSize, warmupEpochs, annealEpochs }) => [
    {
      name: 'net',
      epochs,
      temperature: 1,
      start: 'random',
      labels: 'classes',
      adversary: { norm, epsilon, steps: attackSteps, relativeStepSize, warmupEpochs },
      annealEpochs,
    },
  ],
};
