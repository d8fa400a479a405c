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
import { type Adversary, attacked } from './adversary.ts';
import { onePhase, type TrainingMethod } from './method.ts';
import { crossEntropy, differentiate } from './objective.ts';
import { ballOptions, robustDescentOptions } from './options.ts';

const optionsSchema = z.strictObject({ ...robustDescentOptions, ...ballOptions });

export const adversarial: TrainingMethod<typeof optionsSchema> = {
  id: 'adversarial',
  name: 'Adversarial training',
  paper: 'https://arxiv.org/abs/1706.06083',
  optionsSchema,
  growthEpochs: ({ warmupEpochs }) => warmupEpochs,
  phases({ epochs, norm, epsilon, attackSteps, relativeStepSize, warmupEpochs }) {
    const adversary: Adversary = { norm, epsilon, steps: attackSteps, relativeStepSize, warmupEpochs };
    return onePhase(epochs, (step) => {
      const images = attacked(step, adversary);
      return differentiate(step, ({ scores }) => crossEntropy(scores(images), step.labels));
    });
  },
};
