/**
 * Gradients of gradients that tfjs lacks: without them a Jacobian penalty or a gradient penalty cannot be trained.
 * Both pools' gradients are linear in dy, so each is the transpose of what it transposes.
 */
import * as tf from '@tensorflow/tfjs';
import { type PoolAttributes, poolInfo } from './max-pool-grad.ts';

export function registerSecondOrderGradients(): void {
  tf.registerGradient({
    kernelName: tf.AvgPoolGrad,
    inputsToSave: ['input'],
    gradFunc: (ddx, [input], attributes) => {
      const { filterSize, strides, pad } = attributes as unknown as PoolAttributes;
      return {
        dy: () => tf.avgPool(ddx as tf.Tensor4D, filterSize, strides, pad),
        input: () => tf.zerosLike(input as tf.Tensor),
      };
    },
  });
  tf.registerGradient({
    kernelName: tf.MaxPoolGrad,
    inputsToSave: ['dy', 'input', 'output'],
    gradFunc: (ddx, saved, attributes) => {
      const [dy, input, output] = saved as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
      return {
        dy: () => gatherWinners(ddx as tf.Tensor4D, dy, input, output, attributes as unknown as PoolAttributes),
        input: () => tf.zerosLike(input),
        output: () => tf.zerosLike(output),
      };
    },
  });
}

/**
 * What ddx holds in the cell that won each window. Where windows do not overlap, the gradient of ones marks those cells,
 * and the sum over a window is its mean times its size.
 */
function gatherWinners(
  ddx: tf.Tensor4D,
  dy: tf.Tensor4D,
  input: tf.Tensor4D,
  output: tf.Tensor4D,
  attributes: PoolAttributes,
): tf.Tensor {
  const { filterSize, strides, pad } = attributes;
  const info = poolInfo(input.shape, attributes);
  const overlap = info.strideHeight < info.filterHeight || info.strideWidth < info.filterWidth;
  if (overlap || info.padInfo.type !== 'VALID') {
    throw new Error('The second derivative of max-pooling needs windows that neither overlap nor are padded');
  }
  const winners = tf.engine().runKernel(
    tf.MaxPoolGrad,
    { dy: tf.onesLike(dy), input, output },
    {
      ...attributes,
    },
  ) as tf.Tensor;
  const means = tf.avgPool(tf.mul(ddx, winners) as tf.Tensor4D, filterSize, strides, pad);
  return tf.mul(means, info.filterHeight * info.filterWidth);
}
