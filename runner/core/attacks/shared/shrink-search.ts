import * as tf from '@tensorflow/tfjs';
import type { AttackContext } from '../attack.ts';
import { imagesOf, scoresOf } from './host-images.ts';
import { standing } from './successes.ts';

/** Steps of the search; one forward pass each. */
const HALVINGS = 8;

/**
 * Makes changes sparser while the images stay successes: takes as much off the size of every value's change as the image bears, those
 * below it to 0. How much is found by halving, and of all that was tried the last success is kept.
 * @param found an image for each row of the batch; disposed of
 * @param rows which of them are successes
 * @param confidence margin of logits that a success must have
 * @returns images of the whole batch; the caller disposes of them
 */
export async function shrinkSearch(
  context: AttackContext,
  found: tf.Tensor4D,
  rows: Int32Array,
  confidence: number,
): Promise<tf.Tensor4D> {
  const images = (await found.data<'float32'>()).slice();
  found.dispose();
  const size = images.length / context.y.length;
  const clean = imagesOf(await context.x.data<'float32'>(), rows, size);
  const start = imagesOf(images, rows, size);
  const low = new Float64Array(rows.length);
  const high = Float64Array.from(rows, (_, i) => largestChange(clean, start, i * size, (i + 1) * size));
  for (let step = 0; step < HALVINGS && rows.length > 0; step++) {
    const shrunk = new Float32Array(start.length);
    const middle = low.map((value, i) => (value + (high[i] as number)) / 2);
    for (const [k, value] of start.entries()) {
      const x = clean[k] as number;
      const left = Math.abs(value - x) - (middle[Math.floor(k / size)] as number);
      shrunk[k] = left > 0 ? x + Math.sign(value - x) * left : x;
    }
    const { succeeded } = standing(context, await scoresOf(context.model, shrunk), rows, confidence);
    for (const [i, row] of rows.entries()) {
      (succeeded[i] === 1 ? low : high)[i] = middle[i] as number;
      if (succeeded[i] === 1) images.set(shrunk.subarray(i * size, (i + 1) * size), row * size);
    }
    await context.pause();
  }
  return tf.tensor4d(images, context.x.shape);
}

function largestChange(x: Float32Array, xAdv: Float32Array, from: number, to: number): number {
  let largest = 0;
  for (let i = from; i < to; i++) largest = Math.max(largest, Math.abs((xAdv[i] as number) - (x[i] as number)));
  return largest;
}
