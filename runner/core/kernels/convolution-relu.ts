/**
 * A convolution with bias and ReLU as one kernel, and each of its gradients with ReLU's mask as another, where a backend
 * has them; elsewhere the same in tfjs's ops. (`tf.fused.conv2d` fuses nothing while a gradient is recorded.)
 *
 * `ConvolutionRelu { x, filter, bias }` is y = relu(x ∗ filter + bias). With dy where y > 0 and 0 elsewhere
 * `ConvolutionReluInputGrad { dy, y, filter }`, `ConvolutionReluFilterGrad { x, dy, y }` and
 * `ConvolutionReluBiasGrad { dy, y }` are its gradients. A backend that has the first has them all.
 */
import * as tf from '@tensorflow/tfjs';
import { reluGrad } from './relu-grad.ts';

export const CONVOLUTION_RELU = 'ConvolutionRelu';
export const CONVOLUTION_RELU_INPUT_GRAD = 'ConvolutionReluInputGrad';
export const CONVOLUTION_RELU_FILTER_GRAD = 'ConvolutionReluFilterGrad';
export const CONVOLUTION_RELU_BIAS_GRAD = 'ConvolutionReluBiasGrad';

export type Pad = 'valid' | 'same';

/** The attributes of the kernels, as tfjs's convolutions have them; a gradient's also say what shape it has. */
export interface ConvolutionAttributes {
  readonly strides: 1;
  readonly pad: Pad;
  readonly dataFormat: 'NHWC';
  readonly dilations: 1;
}

/**
 * @param x images [batch, height, width, in]
 * @param filter [height, width, in, out]
 * @param bias [out]
 * @param pad zeros around the images: none, or as many as keep their size
 * @returns relu(x ∗ filter + bias) with stride 1, [batch, height, width, out]
 */
export function convolutionRelu(x: tf.Tensor4D, filter: tf.Tensor4D, bias: tf.Tensor1D, pad: Pad): tf.Tensor4D {
  if (!isThere(CONVOLUTION_RELU)) return tf.relu(tf.add(tf.conv2d(x, filter, 1, pad), bias)) as tf.Tensor4D;
  return run(CONVOLUTION_RELU, { x, filter, bias }, attributesOf(pad));
}

export function attributesOf(pad: Pad): ConvolutionAttributes {
  return { strides: 1, pad, dataFormat: 'NHWC', dilations: 1 };
}

/** Whether the backend that runs now has a kernel. */
export function isThere(kernel: string): boolean {
  // `getKernel` is declared to always find one.
  return (tf.getKernel(kernel, tf.getBackend()) as tf.KernelConfig | undefined) !== undefined;
}

export function registerConvolutionReluGradients(): void {
  tf.registerGradient({
    kernelName: CONVOLUTION_RELU,
    inputsToSave: ['x', 'filter'],
    outputsToSave: [true],
    gradFunc: (gradient, saved, attrs) => {
      const dy = gradient as tf.Tensor4D;
      const [x, filter, y] = saved as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
      const attributes = attrs as unknown as ConvolutionAttributes;
      return {
        filter: () => filterGradient(x, dy, y, filter, attributes),
        bias: () => run(CONVOLUTION_RELU_BIAS_GRAD, { dy, y }, {}),
        x: () => run(CONVOLUTION_RELU_INPUT_GRAD, { dy, y, filter }, { ...attributes, inputShape: x.shape }),
      };
    },
  });
  // Linear in dy and in the filter; flat in y wherever it has a derivative.
  tf.registerGradient({
    kernelName: CONVOLUTION_RELU_INPUT_GRAD,
    inputsToSave: ['dy', 'y', 'filter'],
    gradFunc: (ddx, saved, attrs) => {
      const [dy, y, filter] = saved as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
      const attributes = attrs as unknown as ConvolutionAttributes;
      return {
        dy: () => reluGrad(tf.conv2d(ddx as tf.Tensor4D, filter, 1, attributes.pad), y),
        y: () => tf.zerosLike(y),
        filter: () => filterGradient(ddx as tf.Tensor4D, dy, y, filter, attributes),
      };
    },
  });
}

function filterGradient(
  x: tf.Tensor4D,
  dy: tf.Tensor4D,
  y: tf.Tensor4D,
  filter: tf.Tensor4D,
  attributes: ConvolutionAttributes,
): tf.Tensor4D {
  return run(CONVOLUTION_RELU_FILTER_GRAD, { x, dy, y }, { ...attributes, filterShape: filter.shape });
}

export function run<T extends tf.Tensor | tf.Tensor[]>(
  kernel: string,
  inputs: tf.NamedTensorMap,
  attributes: object,
): T {
  return tf.engine().runKernel(kernel, inputs, { ...attributes });
}
