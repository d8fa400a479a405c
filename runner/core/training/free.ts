/**
 * "Free" adversarial training: every batch is learnt `replays` times in a row, and the one backward pass of each time moves both the
 * weights and the change of the images: δ ← clip(δ + ε · sign ∇_x J(x + δ), −ε, ε).
 *
 * Source: Shafahi et al., "Adversarial Training for Free!", NeurIPS 2019, https://arxiv.org/abs/1904.12843, algorithm 1. A batch takes
 * over the change that the one before it ended in; unlike in the paper each epoch starts at no change, so that it depends on nothing but
 * the weights. The paper divides the number of epochs by that of the replays.
 */
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { signOf } from '../tensors.ts';
import { radiusAt } from './adversary.ts';
import { onePhase, type TrainingMethod } from './method.ts';
import { crossEntropy, netOf, type Step, type StepResult } from './objective.ts';
import { ballOptions, robustDescentOptions } from './options.ts';

const optionsSchema = z.strictObject({
  ...robustDescentOptions,
  epsilon: ballOptions.epsilon,
  warmupEpochs: ballOptions.warmupEpochs.default(0),
  replays: z.int().min(1).max(100).default(8).describe('m: how often a batch is learnt before the next.'),
});

export const free: TrainingMethod<typeof optionsSchema> = {
  id: 'free',
  name: 'Free adversarial training',
  paper: 'https://arxiv.org/abs/1904.12843',
  optionsSchema,
  growthEpochs: ({ warmupEpochs }) => warmupEpochs,
  phases: ({ epochs, epsilon, warmupEpochs, replays }) =>
    onePhase(epochs, (step) => learnAndMove(step, radiusAt({ epsilon, warmupEpochs }, step.time)), { replays }),
};

function learnAndMove(step: Step, epsilon: number): StepResult {
  const { x, labels, carried, parameters } = step;
  // The last batch of an epoch may be smaller.
  const change = carried === undefined ? tf.zerosLike(x) : tf.slice(carried, [0, 0, 0, 0], x.shape);
  const { value, grads } = tf.valueAndGrads((delta: tf.Tensor, ...moving: tf.Tensor[]) => {
    const images = tf.clipByValue(tf.add(x, delta), 0, 1) as tf.Tensor4D;
    return crossEntropy(netOf(step, moving).scores(images), labels);
  })([change, ...parameters]);
  const [uphill, ...gradients] = grads as [tf.Tensor4D, ...tf.Tensor[]];
  const moved = tf.add(change, tf.mul(signOf(uphill), epsilon));
  return { loss: value as tf.Scalar, gradients, carried: tf.clipByValue(moved, -epsilon, epsilon) as tf.Tensor4D };
}
