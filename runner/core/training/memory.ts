import * as tf from '@tensorflow/tfjs';
import type { Architecture } from '../models/architecture.ts';
import { learnLabels } from './descent.ts';
import { initialWeights } from './initial-weights.ts';
import type { Phase, TrainingMethod } from './method.ts';
import { namedParameters } from './objective.ts';
import { optimisers } from './optimiser.ts';
import type { DescentOptions } from './options.ts';

const FLOAT = 4;

/**
 * Bytes that tensors take at the peak of a step, as far as tfjs knows: what its steps on one and on two images take, drawn on to a whole
 * batch. Kernels may take more for themselves.
 */
export async function bytesOfStep(
  architecture: Architecture,
  method: TrainingMethod,
  options: DescentOptions,
): Promise<number> {
  // The last phase is the method's own, and its last epoch has everything at work.
  const phase = method.phases(options).at(-1) as Phase;
  const [one, two] = [await measured(architecture, phase, 1), await measured(architecture, phase, 2)];
  const moving = optimisers[options.optimiser].slots.length + (options.averageDecay > 0 ? 1 : 0);
  return one + (options.batchSize - 1) * Math.max(0, two - one) + 2 * moving * bytesOfWeights(architecture);
}

/** Bytes of all parameters. */
export function bytesOfWeights({ parameters }: Architecture): number {
  return FLOAT * parameters.reduce((sum, { shape }) => sum + shape.reduce((product, side) => product * side, 1), 0);
}

async function measured(architecture: Architecture, phase: Phase, batch: number): Promise<number> {
  const before = tf.memory().numBytes;
  const { peakBytes } = await tf.profile(() =>
    tf.tidy(() => {
      const values = initialWeights(architecture, 0);
      const parameters = architecture.parameters.map(({ name, shape }) => {
        return tf.tensor(values[name] as Float32Array, [...shape]);
      });
      (phase.objective ?? learnLabels(phase.temperature))({
        architecture,
        parameters,
        weights: namedParameters(architecture, parameters),
        x: tf.zeros([batch, ...architecture.inputShape]),
        labels: tf.fill([batch, architecture.classes], 1 / architecture.classes),
        time: phase.epochs,
        seed: 0,
        stream: phase.name,
        step: 0,
      });
    }),
  );
  return peakBytes - before;
}
