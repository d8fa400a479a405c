import * as tf from '@tensorflow/tfjs';
import type { Classifier } from '../../models/classifier.ts';

/** Images of one pass. */
const BATCH = 50;

/** Values of one image. */
export function imageSize({ inputShape: [height, width, channels] }: Pick<Classifier, 'inputShape'>): number {
  return height * width * channels;
}

/** The rows named, one after another. */
export function takeRows(x: Float32Array, rows: readonly number[], size: number): Float32Array {
  const taken = new Float32Array(rows.length * size);
  for (const [i, row] of rows.entries()) taken.set(x.subarray(row * size, (row + 1) * size), i * size);
  return taken;
}

/**
 * A value per image and component, batch by batch, such as logits or gradients.
 * @param x images, [n × size]
 * @param of makes [batch, …] from a batch whose first image is number `start`; what it returns is disposed of
 * @returns the values of every batch, one after another
 */
export async function inBatches(
  { inputShape }: Pick<Classifier, 'inputShape'>,
  x: Float32Array,
  of: (batch: tf.Tensor4D, start: number) => tf.Tensor,
): Promise<Float32Array> {
  const size = imageSize({ inputShape });
  const rows = x.length / size;
  const parts: Float32Array[] = [];
  for (let start = 0; start < rows; start += BATCH) {
    const end = Math.min(rows, start + BATCH);
    const values = tf.tidy(() =>
      of(tf.tensor4d(x.slice(start * size, end * size), [end - start, ...inputShape]), start),
    );
    parts.push((await values.data<'float32'>()).slice());
    values.dispose();
  }
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}
