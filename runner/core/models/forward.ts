/** What nets are made of, on weights as `pytorch.ts` prepares them: filters [height, width, in, out], matrices [in, out]. */
import * as tf from '@tensorflow/tfjs';
import { convolutionRelu } from '../kernels/convolution-relu.ts';
import type { NamedTensors } from './architecture.ts';

/**
 * A convolution with as many zeros around the maps as keep their size at stride 1, as PyTorch pads also at other strides (where
 * TensorFlow's SAME pads less).
 * @param x [batch, height, width, in]
 * @returns [batch, ⌈height / stride⌉, ⌈width / stride⌉, out]
 */
export function convolve(weights: NamedTensors, name: string, x: tf.Tensor4D, stride = 1): tf.Tensor4D {
  const filter = weights[`${name}.weight`] as tf.Tensor4D;
  const bias = weights[`${name}.bias`];
  const sums = stride === 1 ? tf.conv2d(x, filter, 1, 'same') : strided(x, filter, stride);
  return bias === undefined ? sums : tf.add(sums, bias);
}

/** `convolve` and ReLU; for a convolution with a bias. */
export function convolveRelu(weights: NamedTensors, name: string, x: tf.Tensor4D, stride = 1): tf.Tensor4D {
  if (stride !== 1) return tf.relu(convolve(weights, name, x, stride));
  const [filter, bias] = [weights[`${name}.weight`] as tf.Tensor4D, weights[`${name}.bias`] as tf.Tensor1D];
  return convolutionRelu(x, filter, bias, 'same');
}

function strided(x: tf.Tensor4D, filter: tf.Tensor4D, stride: number): tf.Tensor4D {
  const margin = (filter.shape[0] - 1) / 2;
  if (margin === 0) return tf.conv2d(x, filter, stride, 'valid');
  const around = tf.pad(x, [
    [0, 0],
    [margin, margin],
    [margin, margin],
    [0, 0],
  ]);
  return tf.conv2d(around, filter, stride, 'valid');
}

/** Batch normalisation and ReLU. */
export function normaliseRelu(weights: NamedTensors, name: string, x: tf.Tensor4D): tf.Tensor4D {
  const scaled = tf.mul(x, weights[`${name}.factor`] as tf.Tensor);
  return tf.relu(tf.add(scaled, weights[`${name}.shift`] as tf.Tensor)) as tf.Tensor4D;
}

/**
 * A fully connected layer.
 * @param x [rows, in]
 * @returns [rows, out]
 */
export function connect(weights: NamedTensors, name: string, x: tf.Tensor2D): tf.Tensor2D {
  return tf.add(tf.matMul(x, weights[`${name}.weight`] as tf.Tensor2D), weights[`${name}.bias`] as tf.Tensor);
}

/** Each image's values in a row. */
export function flatten(x: tf.Tensor4D): tf.Tensor2D {
  return tf.reshape(x, [x.shape[0], -1]);
}

/** Mean of each map: [batch, height, width, channels] → [batch, channels]. */
export function poolGlobally(x: tf.Tensor4D): tf.Tensor2D {
  return tf.mean(x, [1, 2]);
}
