import { z } from 'zod';

/** Options of every attack that runs Auto-PGD; defaults: AutoAttack's. */
export const apgdOptions = {
  steps: z
    .int()
    .min(1)
    .max(10_000)
    .default(100)
    .describe('Gradient steps; each costs one forward and one backward pass per image.'),
  restarts: z.int().min(1).max(1000).default(1).describe('Runs from new random points for images that still stand.'),
  rho: z
    .number()
    .min(0)
    .max(1)
    .default(0.75)
    .describe('Share of the steps between two checkpoints that must raise the loss for the step length to be kept.'),
  eotSamples: z
    .int()
    .min(1)
    .max(10_000)
    .default(1)
    .describe(
      'Passes whose gradients and logits are averaged at each step: more than 1 for a model that answers at random.',
    ),
  widerFirst: z
    .boolean()
    .default(true)
    .describe('L1 only: spend 0.3 of the steps each in balls of 3ε and 2ε before the last 0.4 in that of ε.'),
};
