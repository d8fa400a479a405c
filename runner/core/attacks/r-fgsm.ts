import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { attackLoss, attackLosses } from '../losses.ts';
import { projectTensor } from '../projections.ts';
import { signOf } from '../tensors.ts';
import type { Attack } from './attack.ts';
import { steepest } from './shared/step.ts';

const optionsSchema = z.strictObject({
  randomShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('Share of ε that the random step takes (α over ε); the gradient step takes the rest.'),
  loss: z.enum(attackLosses).default('ce').describe('Loss to increase; cross-entropy in the paper.'),
});

/** Number of the one draw. */
const NOISE = 0;

/**
 * Random step and fast gradient sign method (R+FGSM), L∞: from x' = x + α · sign(N(0, I)) one step of length ε − α along the
 * sign of the gradient there. The random step leads away from x, where a gradient may be masked. With a target the loss of the
 * target falls instead.
 *
 * Source: Tramèr et al., "Ensemble Adversarial Training: Attacks and Defenses", ICLR 2018, https://arxiv.org/abs/1705.07204;
 * default: its α = ε / 2 (the authors' code for MNIST has 0.05 of 0.3).
 * Departs from it in one way: x' and the result are clipped to the pixel range.
 */
export const rFgsm: Attack<typeof optionsSchema> = {
  id: 'r-fgsm',
  name: 'R+FGSM',
  norms: ['Linf'],
  kind: 'fixed-epsilon',
  access: 'gradient',
  targeted: 'optional',
  paper: 'https://arxiv.org/abs/1705.07204',
  optionsSchema,

  async perturb({ model, x, y, target, epsilon, random, examples }, { randomShare, loss }) {
    const alpha = randomShare * epsilon;
    const noise = random.normal(examples, NOISE, x.size / x.shape[0]);
    return tf.tidy(() => {
      const away = tf.add(x, tf.mul(signOf(tf.tensor4d(noise, x.shape)), alpha)) as tf.Tensor4D;
      const start = projectTensor(x, away, 'Linf', alpha);
      const { gradient } = model.gradient(start, attackLoss(loss, y, target));
      const moved = tf.add(start, tf.mul(steepest(gradient, 'Linf'), epsilon - alpha)) as tf.Tensor4D;
      return projectTensor(x, moved, 'Linf', epsilon);
    });
  },
};
