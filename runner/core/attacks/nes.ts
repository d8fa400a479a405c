import { z } from 'zod';
import type { Attack, AttackContext } from './attack.ts';
import { type Descent, scoreDescent } from './shared/score-descent.ts';

const optionsSchema = z.strictObject({
  steps: z.int().min(1).max(100_000).default(200).describe('Steps; each costs `samples` + 1 forward passes.'),
  samples: z
    .int()
    .min(2)
    .max(65_536)
    .multipleOf(2)
    .default(50)
    .describe('Images to estimate a gradient from: half of them on the other side of x from the other half.'),
  radius: z
    .number()
    .positive()
    .max(1)
    .default(0.001)
    .describe('Standard deviation σ of a sample from the image, per value, in pixel units.'),
  relativeStepSize: z
    .number()
    .positive()
    .default(0.2)
    .describe('Length of the first steps as a fraction of ε (no unit).'),
  momentum: z.number().min(0).lt(1).default(0.9).describe('Share of the last direction that goes into the next.'),
  loss: z
    .enum(['ce', 'margin'])
    .default('ce')
    .describe('What falls: the cross-entropy, as in the paper, or the margin of logits, which does not saturate.'),
});

type Options = z.infer<typeof optionsSchema>;

/** Steps over which the loss must fall for the step length to stay; else it is halved, to a 200th of the first at least. */
const PLATEAU = 5;
const LEAST_SHARE = 1 / 200;

/**
 * NES attack, L∞, with or without a target: sign steps along gradients that natural evolution strategies estimate from scores.
 *
 * An estimate asks about x ± σ·v for normal directions v. Estimates are averaged with momentum; a step of fixed length along the
 * sign of the average is projected onto the ball and the pixel range; the length is halved where the loss stands still.
 *
 * Source: Ilyas et al., "Black-box Adversarial Attacks with Limited Queries and Information", ICML 2018,
 * https://arxiv.org/abs/1804.08598, §2.1 and algorithm 1, and its authors' published code for momentum and step length; defaults:
 * its query-limited attack (50 samples, σ = 0.001, rate 0.01 at ε = 0.05, 10,000 queries).
 * Departs from it in one way: the step is relative to ε, so one default serves every ε.
 * Where logits are large, as a distilled net's are, cross-entropy leaves the samples all alike; the margin does not.
 */
export const nes: Attack<typeof optionsSchema> = {
  id: 'nes',
  name: 'NES',
  norms: ['Linf'],
  kind: 'fixed-epsilon',
  access: 'scores',
  targeted: 'optional',
  paper: 'https://arxiv.org/abs/1804.08598',
  optionsSchema,

  perturb: (context, options) => scoreDescent(context, options, (row, size) => signSteps(context, options, row, size)),
};

function signSteps({ random, examples, epsilon }: AttackContext, options: Options, row: number, size: number): Descent {
  const keys = [examples[row] as number];
  const average = new Float64Array(size);
  const first = options.relativeStepSize * epsilon;
  let length = first;
  let losses: number[] = [];
  return {
    directions: (step) => random.normal(keys, step, (options.samples / 2) * size),
    move(image, gradient, loss) {
      losses = [...losses, loss].slice(-PLATEAU);
      if (losses.length === PLATEAU && loss > (losses[0] as number)) {
        length = Math.max(length / 2, LEAST_SHARE * first);
        losses = [];
      }
      for (let i = 0; i < size; i++) {
        const value = options.momentum * (average[i] as number) + (1 - options.momentum) * (gradient[i] as number);
        average[i] = value;
        image[i] = (image[i] as number) - length * Math.sign(value);
      }
    },
  };
}
