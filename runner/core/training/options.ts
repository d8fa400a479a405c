import { z } from 'zod';

/**
 * Options of stochastic gradient descent that every method has. The defaults are Papernot's for MNIST
 * (https://arxiv.org/abs/1511.04508, table II).
 */
export const descentOptions = {
  epochs: z.int().min(1).max(1000).default(50).describe('Passes over the training set.'),
  subset: z
    .enum(['all', 'first-half', 'second-half'])
    .default('all')
    .describe('Which images of the training set are learnt from.'),
  batchSize: z.int().min(1).max(4096).default(128).describe('Images per step.'),
  learningRate: z.number().positive().max(10).default(0.1).describe('Step length of gradient descent.'),
  momentum: z.number().min(0).max(0.999).default(0.9).describe('Share of the last step that is added to the next.'),
  decay: z
    .number()
    .positive()
    .max(1)
    .default(1)
    .describe('Factor on learning rate and momentum after each delay; 1 keeps both.'),
  decayDelay: z.int().min(1).max(1000).default(10).describe('Epochs between two decays.'),
  mirror: z.boolean().default(false).describe('Whether each image is mirrored left to right in half of the epochs.'),
  shift: z
    .int()
    .min(0)
    .max(16)
    .default(0)
    .describe('Most pixels by which each image is moved in either direction, anew in each epoch; black moves in.'),
  dropout: z.number().min(0).max(0.95).default(0.5).describe('Share of hidden units that are dropped in each step.'),
};

const descentSchema = z.strictObject(descentOptions);
export type DescentOptions = z.infer<typeof descentSchema>;
