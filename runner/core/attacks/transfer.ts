import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { attackLosses } from '../losses.ts';
import { finiteOrZero } from '../tensors.ts';
import type { Attack } from './attack.ts';
import { activeSet } from './shared/active-set.ts';
import { ascend } from './shared/ascent.ts';
import { ensemble } from './shared/ensemble.ts';
import { findings } from './shared/findings.ts';
import { withInputDiversity } from './shared/input-diversity.ts';
import { alongMomentum } from './shared/momentum.ts';
import { smoothed } from './shared/smoothing.ts';
import { steepest, steepestNorms } from './shared/step.ts';

const optionsSchema = z.strictObject({
  steps: z.int().min(1).max(10_000).default(10).describe('Gradient steps; each costs every surrogate a gradient.'),
  relativeStepSize: z
    .number()
    .positive()
    .optional()
    .describe('Step length as a fraction of ε; one over the number of steps when absent.'),
  decay: z.number().min(0).max(10).default(1).describe('Share of the momentum that is kept from step to step (μ); MI.'),
  diversity: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe('Chance that an image is shrunk and set on black at random before a gradient; DI, 0.5 in its paper.'),
  smallestSize: z
    .number()
    .min(0.1)
    .max(1)
    .default(0.9)
    .describe('With diversity: the smallest side that an image may shrink to, as a share of its own.'),
  kernelSize: z
    .int()
    .min(1)
    .max(63)
    .refine((size) => size % 2 === 1, 'an odd number')
    .default(1)
    .describe(
      'Side of the Gaussian kernel that smooths gradients, 1 for none; TI, 15 in its paper for images of 299 pixels.',
    ),
  loss: z
    .enum(attackLosses)
    .default('ce')
    .describe('Loss of the surrogates to increase; margin for surrogates whose cross-entropy is flat.'),
});

/** Number of the first draw of a random direction; those before are for the diversity of each step. */
const DIRECTIONS = 2 ** 16;

/**
 * Transfer from surrogates: images that raise the loss of models of the attacker's own, in the hope that they mislead the
 * attacked one as well, L∞ or L2. They are made blind: the attacked model is never asked, so every image takes every step.
 *
 * Momentum iteration (MI) on the mean of the surrogates' logits; with input diversity (DI) each gradient is that of images
 * changed at random, and with a kernel (TI) it is smoothed before it is summed up.
 *
 * Sources: Szegedy et al., ICLR 2014, https://arxiv.org/abs/1312.6199, §4.3, for transfer between models; MI and ensembles: Dong et
 * al., CVPR 2018, https://arxiv.org/abs/1710.06081, whose μ = 1 and 10 steps of ε / 10 are the defaults; DI: Xie et al., CVPR 2019,
 * https://arxiv.org/abs/1803.06978; TI: Dong et al., CVPR 2019, https://arxiv.org/abs/1904.02884.
 */
export const transfer: Attack<typeof optionsSchema> = {
  id: 'transfer',
  name: 'Transfer',
  norms: steepestNorms,
  kind: 'fixed-epsilon',
  access: 'transfer',
  targeted: 'optional',
  paper: 'https://arxiv.org/abs/1710.06081',
  optionsSchema,

  async perturb(context, options) {
    const { x, epsilon, surrogates } = context;
    const { steps, decay, diversity, smallestSize, kernelSize, loss } = options;
    const norm = context.norm as (typeof steepestNorms)[number];
    const all = ensemble(surrogates);
    const model =
      diversity === 0 ? all : withInputDiversity(all, context, { probability: diversity, smallest: smallestSize });
    const found = await findings(x);
    const active = activeSet(found.open(), { x: x.clone(), xAdv: x.clone(), momentum: tf.zerosLike(x) });
    try {
      await ascend<'momentum'>({ ...context, model }, active, found, {
        steps,
        stepSize: (options.relativeStepSize ?? 1 / steps) * epsilon,
        loss,
        samples: 1,
        leaveAtSuccess: false,
        draw: DIRECTIONS,
        along: alongMomentum(decay, (gradient) => smoothed(finiteOrZero(gradient), kernelSize)),
        direction: (values) => steepest(values, norm),
      });
    } finally {
      active.dispose();
    }
    return found.toTensor();
  },
};
