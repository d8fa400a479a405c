import * as tf from '@tensorflow/tfjs';
import type { Result } from '#core/result.ts';

type Backend = Result['backend'];

/**
 * How many bits a product of matrices keeps on the backend that runs now.
 *
 * 1 + 2⁻¹² goes through a product of 64×64 matrices, large enough for the fast units of a GPU. TF32 and float16 keep 10
 * bits of mantissa and round it to 1; those two differ in range: 2⁻²⁶ is nothing in float16.
 */
export function probePrecision(): Backend['precision'] {
  if (product(1 + 2 ** -12) > 1 + 2 ** -13) return 'float32';
  return product(2 ** -26) > 0 ? 'tf32' : 'float16';
}

/** `flushed` when the backend takes numbers below 2⁻¹²⁶ for zero, which decides what a distilled net's gradient is. */
export function probeDenormals(): Backend['denormals'] {
  const [value] = tf.tidy(() => tf.mul(tf.tensor1d([1e-39]), tf.tensor1d([1])).dataSync());
  return value === 0 ? 'flushed' : 'kept';
}

/** `value` times one, as a sum over a row that is otherwise zero. */
function product(value: number): number {
  const size = 64;
  const [corner] = tf.tidy(() => {
    const left = tf.mul(tf.eye(size), value) as tf.Tensor2D;
    return tf.matMul(left, tf.ones([size, size])).dataSync();
  });
  return corner as number;
}
