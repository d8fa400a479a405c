import { z } from 'zod';
import { ballOptions, descentOptions } from './options.ts';

/** Options of training by bounds. */
export const certifiedOptions = {
  ...descentOptions,
  dropout: descentOptions.dropout.default(0),
  optimiser: descentOptions.optimiser.default('adam'),
  learningRate: descentOptions.learningRate.default(0.001),
  epsilon: ballOptions.epsilon.describe('Radius of the L∞ ball that is bounded, at the end of the ramp.'),
  warmupEpochs: ballOptions.warmupEpochs.default(1).describe('Epochs on the images alone, before the ramp.'),
  rampEpochs: z
    .number()
    .min(0)
    .max(1000)
    .default(10)
    .describe('Epochs over which the radius grows from 0 to epsilon and the weight of the bounds to its end.'),
  cleanWeight: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('κ at the end of the ramp: weight of the loss on the images as they are; it starts at 1.'),
};

/** How much of the ramp is done at a time, in epochs: from 0 to 1. */
export function rampAt(time: number, warmupEpochs: number, rampEpochs: number): number {
  if (time < warmupEpochs) return 0;
  return rampEpochs === 0 ? 1 : Math.min(1, (time - warmupEpochs) / rampEpochs);
}
