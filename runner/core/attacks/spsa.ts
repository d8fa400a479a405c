import { z } from 'zod';
import type { Attack, AttackContext } from './attack.ts';
import { type Descent, scoreDescent } from './shared/score-descent.ts';

const optionsSchema = z.strictObject({
  steps: z.int().min(1).max(100_000).default(100).describe('Steps of Adam; each costs `samples` + 1 forward passes.'),
  samples: z
    .int()
    .min(2)
    .max(65_536)
    .multipleOf(2)
    .default(128)
    .describe('Images to estimate a gradient from: half of them on the other side of x from the other half.'),
  radius: z.number().positive().max(1).default(0.01).describe('Change δ of every value of a sample, in pixel units.'),
  learningRate: z.number().positive().default(0.01).describe('Step size of Adam, in pixel units.'),
  randomStart: z.boolean().default(true).describe('Start at a uniform random point of the ball instead of at x.'),
  loss: z
    .enum(['margin', 'ce'])
    .default('margin')
    .describe('What falls: the margin of logits, as in the paper, or the cross-entropy.'),
});

type Options = z.infer<typeof optionsSchema>;

/** Draws of an image: its start, then one for each step. */
const START = 0;
const STEPS = 1;

/** Random signs that one uniform number of 24 bits holds. */
const SIGNS = 24;

const BETA_1 = 0.9;
const BETA_2 = 0.999;
const TINY = 1e-8;

/**
 * SPSA attack, L∞, with or without a target: Adam on gradients that are estimated from scores.
 *
 * An estimate asks about x ± δ·v for directions v of random signs. Adam's step is projected onto the ball and the pixel range.
 *
 * Source: Uesato et al., "Adversarial Risk and the Dangers of Evaluating Against Weak Attacks", ICML 2018,
 * https://arxiv.org/abs/1802.05666, §4 and algorithm 1, which take the estimate from Spall's simultaneous perturbation stochastic
 * approximation (1992). Defaults: those of CleverHans (128 samples, δ = 0.01, rate 0.01, a random start) and 100 steps.
 */
export const spsa: Attack<typeof optionsSchema> = {
  id: 'spsa',
  name: 'SPSA',
  norms: ['Linf'],
  kind: 'fixed-epsilon',
  access: 'scores',
  targeted: 'optional',
  paper: 'https://arxiv.org/abs/1802.05666',
  optionsSchema,

  perturb: (context, options) => scoreDescent(context, options, (row, size) => adam(context, options, row, size)),
};

function adam({ random, examples, epsilon }: AttackContext, options: Options, row: number, size: number): Descent {
  const keys = [examples[row] as number];
  const mean = new Float64Array(size);
  const square = new Float64Array(size);
  const directions = new Float32Array((options.samples / 2) * size);
  let time = 0;
  return {
    start(image) {
      if (!options.randomStart) return;
      const u = random.uniform(keys, START, size);
      for (let i = 0; i < size; i++) image[i] = (image[i] as number) + epsilon * (2 * (u[i] as number) - 1);
    },
    directions(step) {
      const words = random.uniform(keys, STEPS + step, Math.ceil(directions.length / SIGNS));
      for (let i = 0; i < directions.length; i++) {
        const word = (words[Math.floor(i / SIGNS)] as number) * 2 ** SIGNS;
        directions[i] = (word >>> (i % SIGNS)) & 1 ? 1 : -1;
      }
      return directions;
    },
    move(image, gradient) {
      time++;
      const rate = (options.learningRate * Math.sqrt(1 - BETA_2 ** time)) / (1 - BETA_1 ** time);
      for (let i = 0; i < size; i++) {
        const slope = gradient[i] as number;
        const m = BETA_1 * (mean[i] as number) + (1 - BETA_1) * slope;
        const s = BETA_2 * (square[i] as number) + (1 - BETA_2) * slope * slope;
        mean[i] = m;
        square[i] = s;
        image[i] = (image[i] as number) - (rate * m) / (Math.sqrt(s) + TINY);
      }
    },
  };
}
