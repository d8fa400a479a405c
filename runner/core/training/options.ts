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
  optimiser: z
    .enum(['momentum', 'adam'])
    .default('momentum')
    .describe('How gradients move the weights; for adam the momentum is β₁, and 0.001 a usual learning rate.'),
  learningRate: z.number().positive().max(10).default(0.1).describe('Step length of gradient descent.'),
  momentum: z.number().min(0).max(0.999).default(0.9).describe('Share of the last step that is added to the next.'),
  decay: z
    .number()
    .positive()
    .max(1)
    .default(1)
    .describe('Factor on learning rate and momentum after each delay; 1 keeps both.'),
  decayDelay: z.int().min(1).max(1000).default(10).describe('Epochs between two decays.'),
  schedule: z
    .enum(['straight', 'cosine', 'one-cycle'])
    .default('straight')
    .describe('Shape of the learning rate over the epochs, besides the decay; straight is level until annealEpochs.'),
  annealEpochs: z
    .int()
    .min(0)
    .max(1000)
    .default(0)
    .describe('Last epochs of a straight schedule, over which the learning rate falls to 0 in a straight line.'),
  weightDecay: z
    .number()
    .min(0)
    .max(10)
    .default(0)
    .describe('λ of the penalty λ/2 · ‖w‖² on every weight that is not a bias.'),
  l1: z.number().min(0).max(10).default(0).describe('λ of the penalty λ · ‖w‖₁ on every weight that is not a bias.'),
  averageDecay: z
    .number()
    .min(0)
    .max(0.99999)
    .default(0)
    .describe(
      'Share of the running mean of the weights that a step keeps; that mean is the result. 0 averages nothing.',
    ),
  mirror: z.boolean().default(false).describe('Whether each image is mirrored left to right in half of the epochs.'),
  shift: z
    .int()
    .min(0)
    .max(16)
    .default(0)
    .describe('Most pixels by which each image is moved in either direction, anew in each epoch; black moves in.'),
  dropout: z.number().min(0).max(0.95).default(0.5).describe('Share of hidden units that are dropped in each step.'),
  validation: z
    .int()
    .min(0)
    .max(30_000)
    .default(0)
    .describe('Last images of the training set that are not learnt from but measured after each epoch.'),
  validationEpsilon: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe('Radius of the L∞ ball in which PGD attacks the validation images; 0 attacks none.'),
  validationSteps: z.int().min(1).max(1000).default(10).describe('Steps of that attack.'),
  patience: z
    .int()
    .min(0)
    .max(1000)
    .default(0)
    .describe(
      'Epochs without a better validation accuracy after which a phase stops, at its best weights; 0 never does.',
    ),
  precision: z
    .enum(['single', 'half'])
    .default('single')
    .describe('How the weights are stored: as float32, or rounded to half precision when training has ended.'),
};

/** Options of methods that train on images an attack has made. */
export const ballOptions = {
  norm: z.enum(['Linf', 'L2']).default('Linf').describe('Norm of the ball that is trained against.'),
  epsilon: z.number().positive().max(100).default(0.3).describe('Radius of that ball in pixel units.'),
  attackSteps: z.int().min(1).max(1000).default(10).describe('Steps of PGD for each image of each step.'),
  relativeStepSize: z
    .number()
    .positive()
    .max(2)
    .default(0.25)
    .describe('Length of a step of PGD as a fraction of the radius.'),
  warmupEpochs: z.int().min(0).max(1000).default(5).describe('Epochs over which the radius grows from 0 to epsilon.'),
};

/** What methods change in the options of descent that learn attacked images: they converge without dropout and at a lower rate. */
export const robustDescentOptions = {
  ...descentOptions,
  dropout: descentOptions.dropout.default(0),
  learningRate: descentOptions.learningRate.default(0.01),
  annealEpochs: descentOptions.annealEpochs.default(10),
};

const descentSchema = z.strictObject(descentOptions);
export type DescentOptions = z.infer<typeof descentSchema>;
