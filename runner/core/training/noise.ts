/**
 * Noise training: every step learns images with random noise. The control of adversarial training, which it hardly equals; Gaussian noise
 * also prepares a net for randomised smoothing.
 *
 * Sources: Goodfellow et al., "Explaining and Harnessing Adversarial Examples", ICLR 2015, https://arxiv.org/abs/1412.6572, §6: ±ε with a
 * random sign, or uniform in ±ε, for each pixel; Cohen et al., "Certified Adversarial Robustness via Randomized Smoothing", ICML 2019,
 * https://arxiv.org/abs/1902.02918: Gaussian. Noisy pixels are not clipped, as theirs are not.
 */
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { exampleRandom } from '../random.ts';
import { onePhase, type TrainingMethod } from './method.ts';
import { crossEntropy, differentiate, type Step } from './objective.ts';
import { descentOptions } from './options.ts';

const optionsSchema = z.strictObject({
  ...descentOptions,
  noise: z
    .enum(['uniform', 'signs', 'gaussian'])
    .default('uniform')
    .describe('Uniform in ±scale, ±scale with a random sign, or normal with that standard deviation; for each pixel.'),
  scale: z.number().positive().max(10).default(0.25).describe('How large the noise is, in pixel units.'),
});

type Noise = z.infer<typeof optionsSchema>['noise'];

export const noise: TrainingMethod<typeof optionsSchema> = {
  id: 'noise',
  name: 'Noise training',
  paper: 'https://arxiv.org/abs/1412.6572',
  optionsSchema,
  phases: ({ epochs, noise: kind, scale }) =>
    onePhase(epochs, (step) => {
      const images = tf.add(step.x, tf.mul(noiseFor(step, kind), scale)) as tf.Tensor4D;
      return differentiate(step, ({ scores }) => crossEntropy(scores(images), step.labels));
    }),
};

/** Noise of scale 1, of the shape of the step's images. */
export function noiseFor({ x, seed, stream, step }: Step, kind: Noise): tf.Tensor4D {
  const [batch] = x.shape;
  const rows = Array.from({ length: batch }, (_, row) => row);
  const random = exampleRandom(seed, `noise/${stream}`);
  if (kind === 'gaussian') return tf.tensor4d(random.normal(rows, step, x.size / batch), x.shape);
  const values = random.uniform(rows, step, x.size / batch);
  return tf.tensor4d(
    values.map((u) => (kind === 'uniform' ? 2 * u - 1 : u < 0.5 ? -1 : 1)),
    x.shape,
  );
}
