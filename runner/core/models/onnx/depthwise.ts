/** A convolution of each channel by itself, with a gradient that every backend has: tfjs has none on wasm, and none for GPUs in pieces. */
import * as tf from '@tensorflow/tfjs';
import { depthwiseInputGradient } from '../../kernels/depthwise-backprop.ts';

/**
 * @param x images [batch, height, width, channels]
 * @param filter [height, width, 1, channels × multiplier], of a channel side by side
 * @param multiplier maps of each channel
 * @returns [batch, …, channels × multiplier]
 */
export function depthwise(
  x: tf.Tensor4D,
  filter: tf.Tensor,
  multiplier: number,
  strides: readonly number[],
  pad: 'valid' | 'same',
): tf.Tensor4D {
  const [height, width] = filter.shape as [number, number];
  const channels = (x.shape[3] as number) * multiplier;
  const own = tf.reshape(filter, [height, width, channels, 1]) as tf.Tensor4D;
  const images = multiplier === 1 ? x : repeated(x, multiplier);
  return each(images, own, strides as [number, number], pad);
}

/** Every channel `multiplier` times, side by side. */
function repeated(x: tf.Tensor4D, multiplier: number): tf.Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const copies = tf.concat(Array<tf.Tensor>(multiplier).fill(tf.reshape(x, [batch, height, width, channels, 1])), 4);
  return tf.reshape(copies, [batch, height, width, channels * multiplier]) as tf.Tensor4D;
}

function each(x: tf.Tensor4D, filter: tf.Tensor4D, strides: [number, number], pad: 'valid' | 'same'): tf.Tensor4D {
  const { padInfo } = tf.backend_util.computeConv2DInfo(x.shape, filter.shape, strides, 1, pad, undefined, true);
  const shape = x.shape;
  const apply = tf.customGrad((...args) => {
    const [images, save] = args as unknown as [tf.Tensor4D, tf.GradSaveFunc];
    // Kept by tfjs until the gradient is computed; the filter itself may be gone by then.
    save([filter]);
    const value = tf.depthwiseConv2d(images, filter, strides, pad);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) =>
      depthwiseInputGradient(dy as tf.Tensor4D, saved[0] as tf.Tensor4D, shape, strides, padInfo);
    return { value, gradFunc };
  });
  return apply(x) as tf.Tensor4D;
}
