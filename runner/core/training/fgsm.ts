/**
 * Adversarial training with the fast gradient sign method: every step descends on α · J(x) + (1 − α) · J(x + ε · sign ∇J(x)).
 *
 * Source: Goodfellow et al., "Explaining and Harnessing Adversarial Examples", ICLR 2015, https://arxiv.org/abs/1412.6572, §6 (α = 0.5,
 * ε = 0.25). The derivative does not run through the sign, whose own is 0. Departs from the paper in keeping the images in the pixel range.
 */

import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { type Adversary, attacked } from './adversary.ts';
import { onePhase, type TrainingMethod } from './method.ts';
import { crossEntropy, differentiate, scoresOfBoth } from './objective.ts';
import { ballOptions, robustDescentOptions } from './options.ts';

const optionsSchema = z.strictObject({
  ...robustDescentOptions,
  epsilon: ballOptions.epsilon.default(0.25),
  warmupEpochs: ballOptions.warmupEpochs.default(0),
  cleanWeight: z.number().min(0).max(1).default(0.5).describe('α: weight of the loss on the images as they are.'),
});

export const fgsm: TrainingMethod<typeof optionsSchema> = {
  id: 'fgsm',
  name: 'Adversarial training with FGSM',
  paper: 'https://arxiv.org/abs/1412.6572',
  optionsSchema,
  growthEpochs: ({ warmupEpochs }) => warmupEpochs,
  phases({ epochs, epsilon, warmupEpochs, cleanWeight }) {
    const norm = 'Linf';
    const adversary: Adversary = { norm, epsilon, steps: 1, relativeStepSize: 1, warmupEpochs, start: 'image' };
    return onePhase(epochs, (step) => {
      const images = attacked(step, adversary);
      return differentiate(step, (net) => {
        const [clean, moved] = scoresOfBoth(net, step.x, images);
        return tf.add(
          tf.mul(crossEntropy(clean, step.labels), cleanWeight),
          tf.mul(crossEntropy(moved, step.labels), 1 - cleanWeight),
        );
      });
    });
  },
};
