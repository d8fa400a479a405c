/**
 * `convolutionRelu` and 2×2 max-pooling as one kernel, where a backend has it; elsewhere one after the other. What lies
 * between them is never written: for the gradients it is enough to know which cell of each window was the largest.
 *
 * `ConvolutionReluPool { x, filter, bias }` is y and the winners, whole numbers that only the backend reads. Its gradients are
 * `ConvolutionReluPoolInputGrad { dy, winners, filter }`, `ConvolutionReluPoolFilterGrad { x, dy, winners }` and, because a
 * window whose largest cell is 0 lets nothing through, `ConvolutionReluBiasGrad { dy, y }`. `Unpool { dy, winners }` is dy
 * in the cells that it came from. A backend that has the first has them all.
 */
import * as tf from '@tensorflow/tfjs';
import {
  attributesOf,
  CONVOLUTION_RELU_BIAS_GRAD,
  type ConvolutionAttributes,
  convolutionRelu,
  isThere,
  type Pad,
  run,
} from './convolution-relu.ts';

export const CONVOLUTION_RELU_POOL = 'ConvolutionReluPool';
export const CONVOLUTION_RELU_POOL_INPUT_GRAD = 'ConvolutionReluPoolInputGrad';
export const CONVOLUTION_RELU_POOL_FILTER_GRAD = 'ConvolutionReluPoolFilterGrad';
export const UNPOOL = 'Unpool';

/**
 * The largest of each 2×2 values of `convolutionRelu`; a row or column left over is dropped.
 * @returns [batch, ⌊height / 2⌋, ⌊width / 2⌋, out]
 */
export function convolutionReluPool(x: tf.Tensor4D, filter: tf.Tensor4D, bias: tf.Tensor1D, pad: Pad): tf.Tensor4D {
  if (!isThere(CONVOLUTION_RELU_POOL)) return tf.maxPool(convolutionRelu(x, filter, bias, pad), 2, 2, 'valid');
  return tf.tidy(() => {
    const [y] = run<[tf.Tensor4D, tf.Tensor4D]>(CONVOLUTION_RELU_POOL, { x, filter, bias }, attributesOf(pad));
    return y;
  });
}

export function registerConvolutionReluPoolGradients(): void {
  tf.registerGradient({
    kernelName: CONVOLUTION_RELU_POOL,
    inputsToSave: ['x', 'filter'],
    outputsToSave: [true, true],
    gradFunc: (gradients, saved, attrs) => {
      const [dy] = gradients as [tf.Tensor4D];
      const [x, filter, y, winners] = saved as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
      const attributes = attrs as unknown as ConvolutionAttributes;
      const inputShape = x.shape;
      return {
        x: () => run(CONVOLUTION_RELU_POOL_INPUT_GRAD, { dy, winners, filter }, { ...attributes, inputShape }),
        filter: () => filterGradient(x, dy, winners, filter, attributes),
        bias: () => run(CONVOLUTION_RELU_BIAS_GRAD, { dy, y }, {}),
      };
    },
  });
  // Linear in dy and in the filter; flat in the winners.
  tf.registerGradient({
    kernelName: CONVOLUTION_RELU_POOL_INPUT_GRAD,
    inputsToSave: ['dy', 'winners', 'filter'],
    gradFunc: (gradient, saved, attrs) => {
      const ddx = gradient as tf.Tensor4D;
      const [dy, winners, filter] = saved as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
      const attributes = attrs as unknown as ConvolutionAttributes;
      return {
        dy: () => gatherWinners(tf.conv2d(ddx, filter, 1, attributes.pad), dy, winners),
        winners: () => tf.zeros(winners.shape),
        filter: () => filterGradient(ddx, dy, winners, filter, attributes),
      };
    },
  });
}

/** What `cells` holds where the gradient dy of each window went. */
function gatherWinners(cells: tf.Tensor4D, dy: tf.Tensor4D, winners: tf.Tensor4D): tf.Tensor4D {
  const [, height, width] = cells.shape;
  const mask = run<tf.Tensor4D>(UNPOOL, { dy: tf.onesLike(dy), winners }, { height, width });
  // The sum over a window is its mean times its size.
  return tf.mul(tf.avgPool(tf.mul(cells, mask) as tf.Tensor4D, 2, 2, 'valid'), 4);
}

function filterGradient(
  x: tf.Tensor4D,
  dy: tf.Tensor4D,
  winners: tf.Tensor4D,
  filter: tf.Tensor4D,
  attributes: ConvolutionAttributes,
): tf.Tensor4D {
  return run(CONVOLUTION_RELU_POOL_FILTER_GRAD, { x, dy, winners }, { ...attributes, filterShape: filter.shape });
}
