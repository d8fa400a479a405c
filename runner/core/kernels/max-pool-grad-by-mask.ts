/**
 * The gradient of max-pooling out of ordinary ops, for backends whose own kernel gives the gradient of equal cells to another
 * than the first: the GPU kernels of TensorFlow promise nothing about them, tfjs's WebGL and WebGPU take the last.
 * A flat background ties everywhere, so what an attack does to it would depend on the backend.
 */
import * as tf from '@tensorflow/tfjs';
import { type PoolAttributes, poolInfo } from './max-pool-grad.ts';
import { replaceKernel } from './replace.ts';

/** Whether a pooling is of 2×2 windows that cover the image. */
export function poolsQuarters(shape: number[], attributes: PoolAttributes): boolean {
  const info = poolInfo(shape, attributes);
  const { filterHeight, filterWidth, strideHeight, strideWidth, inHeight, inWidth, padInfo } = info;
  const sides = [filterHeight, filterWidth, strideHeight, strideWidth];
  return sides.every((side) => side === 2) && inHeight % 2 === 0 && inWidth % 2 === 0 && padInfo.type === 'VALID';
}

/**
 * Gradient of 2×2 max-pooling: dy where a cell equals its window's maximum and no earlier one does.
 * @param dy gradient of the pooled images [batch, height / 2, width / 2, channels]
 * @param x images [batch, height, width, channels], height and width even
 * @param y pooled images, of dy's shape
 */
export function maxPoolGradByMask(dy: tf.Tensor4D, x: tf.Tensor4D, y: tf.Tensor4D): tf.Tensor4D {
  const [batch, rows, columns, channels] = y.shape;
  const windows = [batch * rows, 1, columns, 1, channels];
  const cells = [batch * rows, 2, columns, 2, channels];
  const largest = tf.equal(tf.reshape(x, cells), tf.reshape(y, windows));
  const [left, right] = tf.split(largest, 2, 3) as [tf.Tensor, tf.Tensor];
  const inRow = tf.concat([left, tf.logicalAnd(right, tf.logicalNot(left))], 3);
  const [upper, lower] = tf.split(inRow, 2, 1) as [tf.Tensor, tf.Tensor];
  const [above] = tf.split(tf.logicalOr(left, right), 2, 1) as [tf.Tensor];
  const first = tf.concat([upper, tf.logicalAnd(lower, tf.logicalNot(above))], 1);
  return tf.reshape(tf.mul(tf.cast(first, 'float32'), tf.reshape(dy, windows)), x.shape);
}

/** Puts it in the place of a backend's own kernel, for 2×2 windows; others stay with that. */
export function registerMaxPoolGradByMask(backendName: string): void {
  replaceKernel(backendName, tf.MaxPoolGrad, (stock) => (params) => {
    const { dy, input, output } = params.inputs as { dy: tf.Tensor4D; input: tf.Tensor4D; output: tf.Tensor4D };
    if (!poolsQuarters(input.shape, params.attrs as unknown as PoolAttributes)) return (stock as tf.KernelFunc)(params);
    return tf.tidy(() => maxPoolGradByMask(dy, input, output));
  });
}
