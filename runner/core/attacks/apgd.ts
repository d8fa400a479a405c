import { z } from 'zod';
import { attackLosses } from '../losses.ts';
import type { Attack } from './attack.ts';
import { climb } from './shared/apgd-climb.ts';
import { apgdOptions } from './shared/apgd-options.ts';
import { findings } from './shared/findings.ts';

const optionsSchema = z.strictObject({
  loss: z
    .enum(attackLosses)
    .default('ce')
    .describe(
      'Loss to increase: cross-entropy; difference of logits ratio or margin, which do not saturate; or cross-entropy of logits brought to one scale.',
    ),
  ...apgdOptions,
});

/**
 * Auto-PGD (APGD): projected gradient ascent that finds its step length by itself, L∞, L2 or L1, with or without a target.
 *
 * From a random point on the edge of the ball, with η = 2ε at first, it repeats
 *   z = Π(xₖ + η · d),  xₖ₊₁ = Π(xₖ + ¾ (z − xₖ) + ¼ (xₖ − xₖ₋₁)),
 * where d is the steepest ascent of the loss and Π projects onto the box and the ball. At checkpoints each image's η is halved
 * if its loss has stopped growing, and the image goes back to its point of largest loss (`shared/apgd-step-rule.ts`).
 * It leaves the batch at its first success. In L1 steps are sparse and have no momentum (`shared/apgd-l1.ts`).
 *
 * Source: Croce & Hein, "Reliable evaluation of adversarial robustness with an ensemble of diverse parameter-free attacks",
 * ICML 2020, https://arxiv.org/abs/2003.01690, §3, Algorithm 1; defaults: those of AutoAttack's APGD-CE.
 * Departs from the authors' published code in four ways: the gradient after the last step, which nobody would follow, is not computed; in
 * L2 a point is clipped to the pixel range before it is put on the ball, so that no length is spent on clipped pixels; losses are compared
 * in float64; and where a gradient is zero or NaN throughout the step goes in a random direction.
 */
export const apgd: Attack<typeof optionsSchema> = {
  id: 'apgd',
  name: 'APGD',
  norms: ['Linf', 'L2', 'L1'],
  kind: 'fixed-epsilon',
  access: 'gradient',
  targeted: 'optional',
  paper: 'https://arxiv.org/abs/2003.01690',
  optionsSchema,

  async perturb(context, { restarts, ...options }) {
    const found = await findings(context.x);
    for (let number = 0; number < restarts; number++) {
      const rows = found.open();
      if (rows.length === 0) break;
      await climb(context, { ...options, target: context.target, number }, rows, found);
    }
    return found.toTensor();
  },
};
