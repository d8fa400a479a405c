import * as tf from '@tensorflow/tfjs';
import type { Examples } from '../datasets/dataset.ts';
import { type Architecture, opened } from '../models/architecture.ts';
import { oneHot } from '../tensors.ts';
import { adversarialImages } from './adversary.ts';
import type { DescentOptions } from './options.ts';
import type { Weights } from './state.ts';

/** Fractions of the validation images that a net classifies right. */
export interface ValidationAccuracy {
  readonly clean: number;
  /** Under PGD; null where no attack is made. */
  readonly robust: number | null;
}

const BATCH = 250;
/** With this step PGD can cross the ball from any start, and then some. */
const REACH = 2.5;

/**
 * Accuracy on images that were held out, before and after PGD in the L∞ ball of radius `validationEpsilon`. The attack's draws belong to
 * the seed and the batch, so every epoch is measured alike.
 */
export async function validate(
  architecture: Architecture,
  values: Weights,
  { x, y, count }: Examples,
  { validationEpsilon: epsilon, validationSteps: steps }: DescentOptions,
  seed: number,
): Promise<ValidationAccuracy> {
  const size = x.length / count;
  const weights = opened(architecture, values);
  const right = { clean: 0, robust: 0 };
  try {
    for (let start = 0; start < count; start += BATCH) {
      const classes = y.subarray(start, Math.min(count, start + BATCH));
      const images = x.subarray(start * size, (start + classes.length) * size);
      const [clean, robust] = tf.tidy(() => {
        const batch = tf.tensor4d(images, [classes.length, ...architecture.inputShape]);
        const labels = oneHot(classes, architecture.classes);
        const predictions = (seen: tf.Tensor4D) => tf.argMax(architecture.forward(weights, seen), 1) as tf.Tensor1D;
        if (epsilon === 0) return [predictions(batch)];
        const attack = { norm: 'Linf', epsilon, steps, relativeStepSize: Math.min(1, REACH / steps), warmupEpochs: 0 };
        const key = { time: 0, seed, stream: 'validation', step: start / BATCH };
        const made = adversarialImages({
          architecture,
          weights,
          adversary: { ...attack, norm: 'Linf' },
          x: batch,
          labels,
          ...key,
        });
        return [predictions(batch), predictions(made)];
      }) as [tf.Tensor1D, tf.Tensor1D?];
      right.clean += await matches(clean, classes);
      if (robust !== undefined) right.robust += await matches(robust, classes);
    }
  } finally {
    tf.dispose(weights);
  }
  return { clean: right.clean / count, robust: epsilon === 0 ? null : right.robust / count };
}

async function matches(predictions: tf.Tensor1D, classes: Int32Array): Promise<number> {
  const predicted = await predictions.data();
  predictions.dispose();
  return classes.reduce((sum, label, i) => sum + Number(predicted[i] === label), 0);
}
