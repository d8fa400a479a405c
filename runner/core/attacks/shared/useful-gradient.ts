import * as tf from '@tensorflow/tfjs';
import type { GradientModel, PerExampleLoss } from '../../gradients.ts';
import { finiteOrZero } from '../../tensors.ts';
import type { AttackContext } from '../attack.ts';
import { randomRows } from './random-rows.ts';

/**
 * Logits and gradient of a loss, each the mean of several passes where a model's answer is random.
 * @param samples passes; 1 for a model that always answers the same
 * @returns tensors that the caller disposes of
 */
export function meanGradient(
  model: Pick<GradientModel, 'gradient'>,
  x: tf.Tensor4D,
  loss: PerExampleLoss,
  samples: number,
) {
  if (samples === 1) return model.gradient(x, loss);
  return tf.tidy(() => {
    let { logits, gradient } = model.gradient(x, loss);
    for (let sample = 1; sample < samples; sample++) {
      const before = [logits, gradient];
      const next = model.gradient(x, loss);
      logits = tf.add(logits, next.logits);
      gradient = tf.add(gradient, next.gradient);
      tf.dispose([...before, next.logits, next.gradient]);
    }
    return { logits: tf.div(logits, samples) as tf.Tensor2D, gradient: tf.div(gradient, samples) as tf.Tensor4D };
  });
}

/** As `meanGradient`, logits alone. */
export function meanLogits(model: Pick<GradientModel, 'logits'>, x: tf.Tensor4D, samples: number): tf.Tensor2D {
  if (samples === 1) return model.logits(x);
  return tf.tidy(() => {
    let sum = model.logits(x);
    for (let sample = 1; sample < samples; sample++) sum = tf.add(sum, model.logits(x));
    return tf.div(sum, samples) as tf.Tensor2D;
  });
}

/** Sum of the absolute values of each row, [rows]: 0, NaN or infinite where a gradient says nothing or too much. */
export function rowSizes(gradient: tf.Tensor4D): tf.Tensor1D {
  return tf.tidy(() => tf.sum(tf.abs(gradient), [1, 2, 3]));
}

/**
 * A gradient to follow: values that are not finite are put to 0, and a row that then is zero throughout points in a random
 * direction, so that a masked gradient does not hold an attack in place. Costs nothing where all is well.
 * @param gradient of the rows; disposed of if another one is returned
 * @param sizes `rowSizes(gradient)`
 * @param rows which rows of the batch they are
 * @param draw number of the draw
 * @returns a gradient that the caller disposes of
 */
export async function usefulGradient(
  context: AttackContext,
  gradient: tf.Tensor4D,
  sizes: Float32Array,
  rows: Int32Array,
  draw: number,
): Promise<tf.Tensor4D> {
  if (sizes.every((size) => size > 0 && size < Number.POSITIVE_INFINITY)) return gradient;
  const finite = finiteOrZero(gradient);
  gradient.dispose();
  const left = rowSizes(finite);
  const silent = (await left.data<'float32'>()).map((size) => (size > 0 ? 0 : 1));
  left.dispose();
  if (!silent.includes(1)) return finite;
  const values = randomRows(context, rows, silent, draw, finite.size / rows.length);
  const moving = tf.tidy(() => tf.add(finite, tf.tensor4d(values, finite.shape)) as tf.Tensor4D);
  finite.dispose();
  return moving;
}
