import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { attackLosses } from '../losses.ts';
import type { Attack } from './attack.ts';
import { activeSet } from './shared/active-set.ts';
import { ascend } from './shared/ascent.ts';
import { findings } from './shared/findings.ts';
import { alongMomentum } from './shared/momentum.ts';
import { steepest, steepestNorms } from './shared/step.ts';

const optionsSchema = z.strictObject({
  steps: z.int().min(1).max(10_000).default(10).describe('Gradient steps; each goes ε over their number.'),
  decay: z
    .number()
    .min(0)
    .max(10)
    .default(1)
    .describe('Share of the momentum that is kept from step to step (μ); with 0 only the present gradient counts.'),
  loss: z.enum(attackLosses).default('ce').describe('Loss to increase; cross-entropy in the paper.'),
});

/**
 * Momentum iterative fast gradient sign method (MI-FGSM), L∞ or L2: steps of ε / steps from x along the steepest ascent of
 * g ← μ · g + ∇L / |∇L|₁, projected onto the ball and the pixel range. An image leaves the batch at its first success.
 *
 * Source: Dong et al., "Boosting Adversarial Attacks with Momentum", CVPR 2018, https://arxiv.org/abs/1710.06081, algorithm 1 and
 * §3.3 for targets and L2; defaults: its μ = 1 and 10 steps.
 * Departs from it in two ways: an image stops at its first success; and while g is zero the step goes in a random direction.
 */
export const miFgsm: Attack<typeof optionsSchema> = {
  id: 'mi-fgsm',
  name: 'MI-FGSM',
  norms: steepestNorms,
  kind: 'fixed-epsilon',
  access: 'gradient',
  targeted: 'optional',
  paper: 'https://arxiv.org/abs/1710.06081',
  optionsSchema,

  async perturb(context, { steps, decay, loss }) {
    const { x, epsilon } = context;
    const norm = context.norm as (typeof steepestNorms)[number];
    const found = await findings(x);
    const active = activeSet(found.open(), { x: x.clone(), xAdv: x.clone(), momentum: tf.zerosLike(x) });
    try {
      await ascend<'momentum'>(context, active, found, {
        steps,
        stepSize: epsilon / steps,
        loss,
        samples: 1,
        leaveAtSuccess: true,
        draw: 0,
        along: alongMomentum(decay),
        direction: (values) => steepest(values, norm),
      });
    } finally {
      active.dispose();
    }
    return found.toTensor();
  },
};
