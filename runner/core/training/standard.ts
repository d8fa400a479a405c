/**
 * Ordinary training: stochastic gradient descent with momentum on the cross-entropy of the classes. The undefended baseline.
 *
 * Source of the defaults: Papernot et al., https://arxiv.org/abs/1511.04508, table II.
 */
import { z } from 'zod';
import type { TrainingMethod } from './method.ts';
import { descentOptions } from './options.ts';

const optionsSchema = z.strictObject(descentOptions);

export const standard: TrainingMethod<typeof optionsSchema> = {
  id: 'standard',
  name: 'Standard training',
  paper: 'https://arxiv.org/abs/1511.04508',
  optionsSchema,
  phases: ({ epochs }) => [{ name: 'net', epochs, temperature: 1, start: 'random', labels: 'classes' }],
};
