import { z } from 'zod';
import { attackLosses } from '../losses.ts';
import type { Attack } from './attack.ts';
import { activeSet } from './shared/active-set.ts';
import { ascend } from './shared/ascent.ts';
import { findings } from './shared/findings.ts';
import { steepest } from './shared/step.ts';

const optionsSchema = z.strictObject({
  steps: z
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .describe('Gradient steps; when absent the smaller of ε + 4 and 1.25 ε, with ε in units of 1/255.'),
  stepSize: z
    .number()
    .positive()
    .default(1 / 255)
    .describe('Step length in pixel units: one of 256 levels.'),
  loss: z.enum(attackLosses).default('ce').describe('Loss to increase; cross-entropy in the paper.'),
  earlyStop: z
    .boolean()
    .default(true)
    .describe('Let an image go at its first success; otherwise every image takes every step, and the last one counts.'),
});

/** Steps that the paper gives to a radius in pixel units. */
function stepsFor(epsilon: number): number {
  const levels = 255 * epsilon;
  return Math.max(1, Math.round(Math.min(levels + 4, 1.25 * levels)));
}

/**
 * Basic iterative method (BIM), L∞: xAdv ← Π(xAdv + stepSize · sign(∇ L(xAdv, y))) from x itself, where Π clips to the ε-ball
 * around x and to the pixel range. With a target the loss of the target falls instead: the paper's iterative least-likely
 * class method, where that is the least likely class.
 *
 * Source: Kurakin et al., "Adversarial examples in the physical world", ICLR 2017 workshop, https://arxiv.org/abs/1607.02533,
 * §2.2 and 2.3; defaults: its step of one level of 255 and its number of steps.
 * Departs from it in two ways: an image stops at its first success unless told otherwise; and where a gradient is zero or NaN throughout the
 * step goes in a random direction.
 */
export const bim: Attack<typeof optionsSchema> = {
  id: 'bim',
  name: 'BIM',
  norms: ['Linf'],
  kind: 'fixed-epsilon',
  access: 'gradient',
  targeted: 'optional',
  paper: 'https://arxiv.org/abs/1607.02533',
  optionsSchema,

  async perturb(context, { steps, stepSize, loss, earlyStop }) {
    const found = await findings(context.x);
    const rows = found.open();
    const active = activeSet(rows, { x: context.x.clone(), xAdv: context.x.clone() });
    try {
      await ascend(context, active, found, {
        steps: steps ?? stepsFor(context.epsilon),
        stepSize,
        loss,
        samples: 1,
        leaveAtSuccess: earlyStop,
        draw: 0,
        direction: (values) => steepest(values, 'Linf'),
      });
    } finally {
      active.dispose();
    }
    return found.toTensor();
  },
};
