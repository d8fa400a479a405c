/**
 * TRADES: every step descends on J(x) + β · KL(p(x) ‖ p(x′)), where p are the net's probabilities and x′ is the image of the ball that PGD
 * finds with the largest divergence. PGD sets out near x, at whose own place the divergence has no slope.
 *
 * Source: Zhang et al., "Theoretically Principled Trade-off between Robustness and Accuracy", ICML 2019, https://arxiv.org/abs/1901.08573,
 * algorithm 1 (β = 1/λ; 6 for CIFAR-10, 1 for MNIST in the authors' code, https://github.com/yaodongyu/TRADES). The derivative runs through
 * both p(x) and p(x′).
 */
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { type Adversary, attacked } from './adversary.ts';
import { onePhase, type TrainingMethod } from './method.ts';
import { crossEntropy, differentiate, scoresOfBoth } from './objective.ts';
import { ballOptions, robustDescentOptions } from './options.ts';

const optionsSchema = z.strictObject({
  ...robustDescentOptions,
  ...ballOptions,
  robustWeight: z.number().min(0).max(1000).default(6).describe('β: weight of the divergence; 1/λ in the paper.'),
});

export const trades: TrainingMethod<typeof optionsSchema> = {
  id: 'trades',
  name: 'TRADES',
  paper: 'https://arxiv.org/abs/1901.08573',
  optionsSchema,
  growthEpochs: ({ warmupEpochs }) => warmupEpochs,
  phases({ epochs, norm, epsilon, attackSteps, relativeStepSize, warmupEpochs, robustWeight }) {
    const adversary: Adversary = { norm, epsilon, steps: attackSteps, relativeStepSize, warmupEpochs, start: 'near' };
    return onePhase(epochs, (step) => {
      // The divergence from fixed probabilities grows with the cross-entropy of these as labels.
      const probabilities = tf.softmax(step.architecture.forward(step.weights, step.x));
      const images = attacked({ ...step, labels: probabilities }, adversary);
      return differentiate(step, (net) => {
        const [clean, moved] = scoresOfBoth(net, step.x, images);
        return tf.add(crossEntropy(clean, step.labels), tf.mul(divergence(clean, moved), robustWeight));
      });
    });
  },
};

/** Mean over the images of KL(softmax(a) ‖ softmax(b)). */
function divergence(a: tf.Tensor2D, b: tf.Tensor2D): tf.Scalar {
  const [logA, logB] = [tf.logSoftmax(a), tf.logSoftmax(b)];
  return tf.mean(tf.sum(tf.mul(tf.exp(logA), tf.sub(logA, logB)), 1));
}
