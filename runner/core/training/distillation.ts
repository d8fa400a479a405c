/**
 * Defensive distillation: a teacher is trained at temperature T, and a student of the same architecture learns the
 * teacher's probabilities at T. The student answers at temperature 1, where its logits are about T times too large.
 *
 * Source: Papernot et al., "Distillation as a Defense to Adversarial Perturbations against Deep Neural Networks",
 * S&P 2016, https://arxiv.org/abs/1511.04508, §IV; defaults of table II at T = 100.
 * At a high temperature the first gradients are about T times smaller and training may not start; teacher and student
 * therefore both begin at a net trained for `warmupEpochs` at temperature 1, as Carlini and Wagner's code does
 * (https://arxiv.org/abs/1608.04644). With 0 both begin at random.
 */
import { z } from 'zod';
import type { Phase, TrainingMethod } from './method.ts';
import { descentOptions } from './options.ts';

const optionsSchema = z.strictObject({
  ...descentOptions,
  temperature: z.number().positive().max(10_000).default(100).describe('Softmax temperature T of teacher and student.'),
  warmupEpochs: z.int().min(0).max(100).default(1).describe('Epochs at temperature 1 of the net that both start from.'),
});

export const distillation: TrainingMethod<typeof optionsSchema> = {
  id: 'distillation',
  name: 'Defensive distillation',
  paper: 'https://arxiv.org/abs/1511.04508',
  optionsSchema,
  phases({ epochs, temperature, warmupEpochs }) {
    const warmup: Phase = { name: 'warmup', epochs: warmupEpochs, temperature: 1, start: 'random', labels: 'classes' };
    const start: Phase['start'] = warmupEpochs > 0 ? { phase: 'warmup' } : 'random';
    const teacher: Phase = { name: 'teacher', epochs, temperature, start, labels: 'classes' };
    const student: Phase = { name: 'student', epochs, temperature, start, labels: { phase: 'teacher', temperature } };
    return warmupEpochs > 0 ? [warmup, teacher, student] : [teacher, student];
  },
};
