/**
 * Fast adversarial training: every step descends on images that one step of FGSM has made from a random point of the ball, a little
 * longer than the radius.
 *
 * Source: Wong et al., "Fast is better than free: Revisiting adversarial training", ICLR 2020, https://arxiv.org/abs/2001.03994,
 * algorithm 3; steps of 1.25 ε and a learning rate that rises and falls once, as in its §5.
 */
import { z } from 'zod';
import { type Adversary, attacked } from './adversary.ts';
import { onePhase, type TrainingMethod } from './method.ts';
import { crossEntropy, differentiate } from './objective.ts';
import { ballOptions, robustDescentOptions } from './options.ts';

const optionsSchema = z.strictObject({
  ...robustDescentOptions,
  schedule: robustDescentOptions.schedule.default('one-cycle'),
  epsilon: ballOptions.epsilon,
  relativeStepSize: ballOptions.relativeStepSize.default(1.25),
  warmupEpochs: ballOptions.warmupEpochs.default(0),
});

export const fast: TrainingMethod<typeof optionsSchema> = {
  id: 'fast',
  name: 'Fast adversarial training',
  paper: 'https://arxiv.org/abs/2001.03994',
  optionsSchema,
  growthEpochs: ({ warmupEpochs }) => warmupEpochs,
  phases({ epochs, epsilon, relativeStepSize, warmupEpochs }) {
    const adversary: Adversary = { norm: 'Linf', epsilon, steps: 1, relativeStepSize, warmupEpochs };
    return onePhase(epochs, (step) => {
      const images = attacked(step, adversary);
      return differentiate(step, ({ scores }) => crossEntropy(scores(images), step.labels));
    });
  },
};
