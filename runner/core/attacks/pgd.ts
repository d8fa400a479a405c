import { z } from 'zod';
import { attackLosses } from '../losses.ts';
import { gatherRows } from '../tensors.ts';
import type { Attack } from './attack.ts';
import { activeSet } from './shared/active-set.ts';
import { ascend } from './shared/ascent.ts';
import { findings } from './shared/findings.ts';
import { randomStart, START_DRAWS } from './shared/random-start.ts';
import { type StepNorm, sparseSteepest, steepest, stepNorms } from './shared/step.ts';

const optionsSchema = z.strictObject({
  steps: z
    .int()
    .min(1)
    .max(10_000)
    .default(40)
    .describe('Gradient steps; each costs one forward and one backward pass per image.'),
  relativeStepSize: z
    .number()
    .positive()
    .default(0.01 / 0.3)
    .describe('Step length as a fraction of ε (no unit).'),
  randomStart: z.boolean().default(true).describe('Start at a uniform random point of the ε-ball instead of at x.'),
  restarts: z.int().min(1).max(1000).default(1).describe('Runs from new random points for images that still stand.'),
  loss: z
    .enum(attackLosses)
    .default('ce')
    .describe(
      'Loss to increase: cross-entropy, or one that does not saturate: the margin of logits, DLR, or cross-entropy of rescaled logits.',
    ),
  // Without a default: suites that are published name every option that has one.
  eotSamples: z
    .int()
    .min(1)
    .max(1000)
    .optional()
    .describe('Passes that each gradient is the mean of, for a model that answers at random; 1 when absent.'),
  sparsity: z
    .number()
    .min(0)
    .lt(1)
    .optional()
    .describe('In L1: share of the values of an image that a step leaves alone; 0.99 when absent.'),
});

/** Draws of one restart: its start, and a direction per step where the gradient has none. */
const DRAWS_PER_RESTART = 2 ** 16;

/** In L1, as the authors of SLIDE have it in their code. */
const SPARSITY = 0.99;

/**
 * Projected gradient descent (PGD), L∞, L2 or L1, with or without a target.
 *
 * Repeats xAdv ← Π(xAdv + stepSize · d), where d is the steepest ascent of the loss (in L∞ the sign of its gradient) and Π
 * projects onto the ε-ball around x and the pixel range [0, 1]. An image leaves the batch at its first success. In L1, where
 * the steepest direction is one value alone, d is the sparse one of SLIDE.
 *
 * Source: Madry et al., "Towards Deep Learning Models Resistant to Adversarial Attacks", ICLR 2018,
 * https://arxiv.org/abs/1706.06083, §2.1; defaults: its MNIST attack (40 steps of 0.01 at ε = 0.3). L1: Tramèr & Boneh, NeurIPS 2019,
 * https://arxiv.org/abs/1904.13000. Averaging over a random model: Athalye et al., ICML 2018, https://arxiv.org/abs/1802.00420, §4.2.
 * Departs from it in two ways: the step is relative to ε, so one default serves every ε; and where a gradient is zero or NaN
 * throughout the step goes in a random direction, so that a masked gradient does not hold the attack in place.
 */
export const pgd: Attack<typeof optionsSchema> = {
  id: 'pgd',
  name: 'PGD',
  norms: stepNorms,
  kind: 'fixed-epsilon',
  access: 'gradient',
  targeted: 'optional',
  paper: 'https://arxiv.org/abs/1706.06083',
  optionsSchema,

  async perturb(context, options) {
    const { steps, relativeStepSize, loss, eotSamples = 1, sparsity = SPARSITY } = options;
    const norm = context.norm as StepNorm;
    const found = await findings(context.x);
    const runs = options.randomStart ? options.restarts : 1;
    for (let restart = 0; restart < runs; restart++) {
      const rows = found.open();
      if (rows.length === 0) break;
      const draw = restart * DRAWS_PER_RESTART;
      const clean = gatherRows(context.x, rows);
      const start = options.randomStart ? await randomStart(context, clean, rows, draw) : clean.clone();
      const active = activeSet(rows, { x: clean, xAdv: start });
      try {
        await ascend(context, active, found, {
          steps,
          stepSize: relativeStepSize * context.epsilon,
          loss,
          samples: eotSamples,
          leaveAtSuccess: true,
          draw: draw + START_DRAWS,
          direction: (values, xAdv) =>
            norm === 'L1' ? sparseSteepest(values, xAdv, sparsity) : steepest(values, norm),
        });
      } finally {
        active.dispose();
      }
    }
    return found.toTensor();
  },
};
