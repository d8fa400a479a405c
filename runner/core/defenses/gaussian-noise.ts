/**
 * Normal noise at inference: the net looks at the image with n draws of noise N(0, deviation² I), and the class that most of them say is
 * the answer. This is the classifier that randomised smoothing certifies; what is drawn is not clipped to the pixel range.
 *
 * Source: Cohen et al., "Certified Adversarial Robustness via Randomized Smoothing", ICML 2019, https://arxiv.org/abs/1902.02918, §3.2.1
 * (PREDICT, which abstains where the vote is close; here no image goes without an answer). Default: the smallest n of its §4 and one of its deviations.
 * The attack: Athalye et al., "Obfuscated Gradients Give a False Sense of Security", ICML 2018, https://arxiv.org/abs/1802.00420, §4.2.
 */
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { Defense } from './defense.ts';
import { sampled, sampledOptions } from './shared/sampled.ts';

const optionsSchema = z.strictObject({
  deviation: z
    .number()
    .positive()
    .max(10)
    .default(0.25)
    .describe('Standard deviation of the noise, pixels from 0 to 1'),
  ...sampledOptions(100, 'majority'),
});

export const gaussianNoise: Defense<typeof optionsSchema> = {
  id: 'gaussian-noise',
  name: 'Gaussian noise',
  paper: 'https://arxiv.org/abs/1902.02918',
  description: 'The net looks at the image with several draws of normal noise, and its answers are joined.',
  joins: false,
  randomised: true,
  adaptive: ['exact', 'eot'],
  optionsSchema,
  wrap: (classifiers, { deviation, ...options }, { draws }) =>
    sampled(classifiers, draws, options, (x, draw) => {
      const [, ...shape] = x.shape;
      const noise = tf.tensor4d(draw.normal(x.size / x.shape[0]), [1, ...shape]);
      return tf.add(x, tf.mul(noise, deviation)) as tf.Tensor4D;
    }),
};
