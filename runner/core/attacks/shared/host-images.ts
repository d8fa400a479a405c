/** For attacks that keep their images on the host. */
import * as tf from '@tensorflow/tfjs';
import type { GradientModel } from '../../gradients.ts';

/** Copies of the images of some rows, [rows.length × size]. */
export function imagesOf(images: Float32Array, rows: Int32Array, size: number): Float32Array {
  const some = new Float32Array(rows.length * size);
  for (const [i, row] of rows.entries()) some.set(images.subarray(row * size, (row + 1) * size), i * size);
  return some;
}

/** Class scores of images, [rows × classes]. */
export async function scoresOf(model: GradientModel, images: Float32Array): Promise<Float32Array> {
  const [height, width, channels] = model.inputShape;
  const logits = tf.tidy(() =>
    model.logits(tf.tensor4d(images.slice(), [images.length / (height * width * channels), height, width, channels])),
  );
  const scores = await logits.data<'float32'>();
  logits.dispose();
  return scores;
}
