import { z } from 'zod';

export const MOST_EPOCHS = 1000;

export const ganOptionsSchema = z.strictObject({
  epochs: z.int().min(1).max(MOST_EPOCHS).default(20).describe('Passes over the training set.'),
  batchSize: z.int().min(1).max(4096).default(64).describe('Images per step of either net.'),
  learningRate: z.number().positive().max(1).default(0.0005).describe('Step length of Adam, for both nets.'),
  momentum: z.number().min(0).max(0.999).default(0.5).describe('β₁ of Adam.'),
  penaltyWeight: z
    .number()
    .min(0)
    .max(1000)
    .default(2)
    .describe('γ of the penalty γ/2 · ‖∇D‖² on the slopes of the discriminator at real images.'),
  averageDecay: z
    .number()
    .min(0)
    .max(0.99999)
    .default(0.998)
    .describe('Share of the running mean of the generator that a step keeps; that mean is the result.'),
});

export type GanOptions = z.infer<typeof ganOptionsSchema>;
