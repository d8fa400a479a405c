/**
 * Certified training by interval bounds: every step descends on κ · J(z) + (1 − κ) · J(ẑ), where ẑ are the worst logits that interval
 * bounds allow within the box: 0 for the right class and the largest margin of each other. After epochs on the images alone, ε grows
 * from 0 to its end and κ falls from 1 to its own, evenly with every step.
 *
 * Source: Gowal et al., "On the Effectiveness of Interval Bound Propagation for Training Verifiably Robust Models", 2018,
 * https://arxiv.org/abs/1810.12715, §3 and appendix A (κ from 1 to 0.5; Adam; trained at a somewhat larger ε than certified at).
 */
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { boundableLayers } from '../certificates/shared/box.ts';
import { pixelBox, worstMargins } from '../certificates/shared/ibp-bounds.ts';
import { onePhase, type TrainingMethod } from './method.ts';
import { crossEntropy, differentiate } from './objective.ts';
import { certifiedOptions, rampAt } from './ramp.ts';

const optionsSchema = z.strictObject(certifiedOptions);

export const ibp: TrainingMethod<typeof optionsSchema> = {
  id: 'ibp',
  name: 'Interval bound propagation',
  paper: 'https://arxiv.org/abs/1810.12715',
  optionsSchema,
  check: (architecture) => void boundableLayers(architecture),
  growthEpochs: ({ warmupEpochs, rampEpochs }) => warmupEpochs + rampEpochs,
  phases: ({ epochs, epsilon, warmupEpochs, rampEpochs, cleanWeight }) =>
    onePhase(epochs, (step) => {
      const layers = boundableLayers(step.architecture);
      const ramp = rampAt(step.time, warmupEpochs, rampEpochs);
      const kept = 1 - (1 - cleanWeight) * ramp;
      return differentiate(step, ({ weights, scores }) => {
        const clean = crossEntropy(scores(step.x), step.labels);
        if (ramp === 0) return clean;
        const margins = worstMargins(layers, weights, pixelBox(step.x, epsilon * ramp), step.labels);
        return tf.add(tf.mul(clean, kept), tf.mul(crossEntropy(margins, step.labels), 1 - kept));
      });
    }),
};
