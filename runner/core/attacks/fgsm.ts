import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { attackLoss } from '../losses.ts';
import { projectTensor } from '../projections.ts';
import type { Attack } from './attack.ts';
import { steepest, steepestNorms } from './shared/step.ts';

const optionsSchema = z.strictObject({
  loss: z
    .enum(['ce', 'margin'])
    .default('ce')
    .describe('Loss to increase: cross-entropy, or the margin of logits, which does not saturate.'),
});

/**
 * Fast gradient sign method (FGSM): one step of length ε along the steepest ascent of the loss,
 * xAdv = clip(x + ε · sign(∇ L(x, y))) in L∞. In L2 the gradient over its length takes the place of its sign.
 * With a target the loss of the target decreases instead.
 *
 * Source: Goodfellow et al., "Explaining and Harnessing Adversarial Examples", ICLR 2015, https://arxiv.org/abs/1412.6572, §4.
 * Departs from it in one way: the result is clipped to the pixel range.
 */
export const fgsm: Attack<typeof optionsSchema> = {
  id: 'fgsm',
  name: 'FGSM',
  norms: steepestNorms,
  kind: 'fixed-epsilon',
  access: 'gradient',
  targeted: 'optional',
  paper: 'https://arxiv.org/abs/1412.6572',
  optionsSchema,

  async perturb({ model, x, y, target, norm, epsilon }, { loss }) {
    const ball = norm as (typeof steepestNorms)[number];
    return tf.tidy(() => {
      const { gradient } = model.gradient(x, attackLoss(loss, y, target));
      const moved = tf.add(x, tf.mul(steepest(gradient, ball), epsilon)) as tf.Tensor4D;
      return projectTensor(x, moved, ball, epsilon);
    });
  },
};
