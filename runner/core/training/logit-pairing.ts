/**
 * Logit pairing: the logits of two images are to be alike, by λ times their mean squared difference.
 *
 * Adversarial pairing learns the images as they are and as PGD makes them, and pairs the two. Clean pairing adds Gaussian noise to the
 * images and pairs the first half of the batch with the second, whatever their classes.
 *
 * Source: Kannan et al., "Adversarial Logit Pairing", 2018, https://arxiv.org/abs/1803.06373, §3 and §4. The squares are averaged over images
 * and classes. What the defense does to attacks: Engstrom et al., "Evaluating and Understanding the Robustness of Adversarial Logit Pairing",
 * 2018, https://arxiv.org/abs/1807.10272.
 */
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { type Adversary, attacked } from './adversary.ts';
import { onePhase, type TrainingMethod } from './method.ts';
import { noiseFor } from './noise.ts';
import { crossEntropy, differentiate, type Objective, scoresOfBoth } from './objective.ts';
import { ballOptions, robustDescentOptions } from './options.ts';

const optionsSchema = z.strictObject({
  ...robustDescentOptions,
  ...ballOptions,
  pairing: z
    .enum(['adversarial', 'clean'])
    .default('adversarial')
    .describe('What is paired: an image and its adversarial image, or two images with noise.'),
  pairingWeight: z.number().min(0).max(1000).default(0.5).describe('λ of the squared difference of the logits.'),
  deviation: z.number().min(0).max(10).default(0.5).describe('Standard deviation of the noise of clean pairing.'),
});

export const logitPairing: TrainingMethod<typeof optionsSchema> = {
  id: 'logit-pairing',
  name: 'Logit pairing',
  paper: 'https://arxiv.org/abs/1803.06373',
  optionsSchema,
  growthEpochs: ({ pairing, warmupEpochs }) => (pairing === 'clean' ? 0 : warmupEpochs),
  idle: ({ pairing }) => ({
    names: pairing === 'clean' ? Object.keys(ballOptions) : ['deviation'],
    beside: `pairing: ${pairing}`,
  }),
  phases({ epochs, pairing, pairingWeight, deviation, norm, epsilon, attackSteps, relativeStepSize, warmupEpochs }) {
    const adversary: Adversary = { norm, epsilon, steps: attackSteps, relativeStepSize, warmupEpochs };
    return onePhase(
      epochs,
      pairing === 'clean' ? pairHalves(deviation, pairingWeight) : pairAdversarial(adversary, pairingWeight),
    );
  },
};

function pairAdversarial(adversary: Adversary, weight: number): Objective {
  return (step) => {
    const images = attacked(step, adversary);
    return differentiate(step, (net) => {
      const [clean, moved] = scoresOfBoth(net, step.x, images);
      const learnt = tf.mean(tf.stack([crossEntropy(clean, step.labels), crossEntropy(moved, step.labels)]));
      return tf.add(learnt, tf.mul(squaredDifference(clean, moved), weight)) as tf.Scalar;
    });
  };
}

function pairHalves(deviation: number, weight: number): Objective {
  return (step) => {
    const images = tf.add(step.x, tf.mul(noiseFor(step, 'gaussian'), deviation)) as tf.Tensor4D;
    const half = Math.floor(images.shape[0] / 2);
    return differentiate(step, ({ scores }) => {
      const logits = scores(images);
      const learnt = crossEntropy(logits, step.labels);
      // A batch of one image has no pair.
      if (half === 0) return learnt;
      const [first, second] = [tf.slice(logits, 0, half), tf.slice(logits, half, half)];
      return tf.add(learnt, tf.mul(squaredDifference(first, second), weight));
    });
  };
}

function squaredDifference(a: tf.Tensor2D, b: tf.Tensor2D): tf.Scalar {
  return tf.mean(tf.squaredDifference(a, b));
}
