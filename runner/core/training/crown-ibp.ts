/**
 * Certified training by CROWN-IBP: as by interval bounds, with margins of which the share β comes from CROWN bounds and the rest from
 * intervals. β falls from 1 to its end while ε grows: CROWN bounds are tighter while the net has not learnt to keep intervals small, and
 * cost about as many passes as there are classes.
 *
 * Source: Zhang et al., "Towards Stable and Efficient Training of Verifiably Robust Neural Networks", ICLR 2020,
 * https://arxiv.org/abs/1906.06316, §3 and appendix (β from 1 to 0; κ ends at 0).
 */
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { crownMargins, layersWithoutPooling } from '../certificates/shared/crown-bounds.ts';
import { pixelBox, worstMargins } from '../certificates/shared/ibp-bounds.ts';
import { onePhase, type TrainingMethod } from './method.ts';
import { crossEntropy, differentiate } from './objective.ts';
import { certifiedOptions, rampAt } from './ramp.ts';

const optionsSchema = z.strictObject({
  ...certifiedOptions,
  cleanWeight: certifiedOptions.cleanWeight.default(0),
  crownWeight: z.number().min(0).max(1).default(0).describe('β at the end of the ramp: share of the CROWN bounds.'),
});

export const crownIbp: TrainingMethod<typeof optionsSchema> = {
  id: 'crown-ibp',
  name: 'CROWN-IBP',
  paper: 'https://arxiv.org/abs/1906.06316',
  optionsSchema,
  check: (architecture) => void layersWithoutPooling(architecture),
  growthEpochs: ({ warmupEpochs, rampEpochs }) => warmupEpochs + rampEpochs,
  phases: ({ epochs, epsilon, warmupEpochs, rampEpochs, cleanWeight, crownWeight }) =>
    onePhase(epochs, (step) => {
      const layers = layersWithoutPooling(step.architecture);
      const ramp = rampAt(step.time, warmupEpochs, rampEpochs);
      const kept = 1 - (1 - cleanWeight) * ramp;
      const share = 1 - (1 - crownWeight) * ramp;
      return differentiate(step, ({ weights, scores }) => {
        const clean = crossEntropy(scores(step.x), step.labels);
        if (ramp === 0) return clean;
        const box = pixelBox(step.x, epsilon * ramp);
        const intervals = worstMargins(layers, weights, box, step.labels);
        const margins =
          share === 0
            ? intervals
            : tf.add(tf.mul(intervals, 1 - share), tf.mul(crownMargins(layers, weights, box, step.labels), share));
        return tf.add(tf.mul(clean, kept), tf.mul(crossEntropy(margins as tf.Tensor2D, step.labels), 1 - kept));
      });
    }),
};
