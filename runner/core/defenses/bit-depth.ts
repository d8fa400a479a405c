/**
 * Reduction of the colour depth: x ← round(x · (2ᵇ − 1)) / (2ᵇ − 1), so that each value has one of 2ᵇ levels.
 *
 * A rounding has a gradient of zero; in its place the identity is differentiated (BPDA).
 *
 * Sources: Xu et al., "Feature Squeezing: Detecting Adversarial Examples in Deep Neural Networks", NDSS 2018,
 * https://arxiv.org/abs/1704.01155, §III-B; default: its choice for CIFAR-10 and ImageNet (for MNIST it takes 1 bit). The attack:
 * Athalye et al., "Obfuscated Gradients Give a False Sense of Security", ICML 2018, https://arxiv.org/abs/1802.00420, §4.1.
 */
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { Defense } from './defense.ts';
import { straightThrough, through } from './shared/through.ts';

const optionsSchema = z.strictObject({
  bits: z.int().min(1).max(8).default(5).describe('Bits that are left of each value'),
});

export const bitDepth: Defense<typeof optionsSchema> = {
  id: 'bit-depth',
  name: 'Bit-depth reduction',
  paper: 'https://arxiv.org/abs/1704.01155',
  description: 'Each value of the image is rounded to one of 2^bits levels.',
  joins: false,
  randomised: false,
  adaptive: ['bpda'],
  optionsSchema,
  wrap: (classifiers, { bits }) => {
    const steps = 2 ** bits - 1;
    return through(
      classifiers,
      straightThrough((x) => tf.div(tf.floor(tf.add(tf.mul(x, steps), 0.5)), steps)),
    );
  },
};
