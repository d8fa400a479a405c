/**
 * Convolutions for the processor, by ops of `native-ops.cc`: those of 3×3 with stride 1 by Winograd's algorithm, which
 * takes four times fewer multiplications than TensorFlow's own (they run at the processor's limit), and those of a first
 * layer, which has too few channels for it. Every other convolution stays with TensorFlow.
 */
import * as tf from '@tensorflow/tfjs';
import {
  CONVOLUTION_RELU,
  CONVOLUTION_RELU_BIAS_GRAD,
  CONVOLUTION_RELU_FILTER_GRAD,
  CONVOLUTION_RELU_INPUT_GRAD,
} from '#core/kernels/convolution-relu.ts';
import { reluGrad } from '#core/kernels/relu-grad.ts';
import { replaceKernel } from '#core/kernels/replace.ts';
import { filterShapeOf, inputShapeOf, isFirstLayer, plainInfo, suitsWinograd } from './native-convolution-info.ts';
import { registerPooledConvolutions } from './native-convolution-pool.ts';
import { nativeBackendName } from './native-name.ts';
import { geometry, runOp } from './native-op.ts';

type Inputs<Name extends string> = Readonly<Record<Name, tf.Tensor4D>>;
type Params = Parameters<tf.KernelFunc>[0];

/** Registers them, once. */
export function registerConvolutions(): void {
  replaceKernel(nativeBackendName, tf.Conv2D, (stock) => (params) => {
    const { x, filter } = params.inputs as Inputs<'x' | 'filter'>;
    const info = plainInfo(x.shape, filter.shape, params.attrs);
    if (suitsWinograd(info)) return runOp(params.backend, 'ParapetConv3x3', [x, filter], geometry(info));
    return (stock as tf.KernelFunc)(params);
  });
  replaceKernel(nativeBackendName, tf.Conv2DBackpropInput, (stock) => (params) => {
    const { dy, filter } = params.inputs as Inputs<'dy' | 'filter'>;
    const info = plainInfo(inputShapeOf(params.attrs), filter.shape, params.attrs);
    if (suitsWinograd(info)) return runOp(params.backend, 'ParapetConv3x3InputGrad', [dy, filter], geometry(info));
    if (isFirstLayer(info)) return runOp(params.backend, 'ParapetConvInputGrad', [dy, filter], geometry(info));
    return (stock as tf.KernelFunc)(params);
  });
  replaceKernel(nativeBackendName, tf.Conv2DBackpropFilter, (stock) => (params) => {
    const { x, dy } = params.inputs as Inputs<'x' | 'dy'>;
    const info = plainInfo(x.shape, filterShapeOf(params.attrs), params.attrs);
    if (suitsWinograd(info)) return runOp(params.backend, 'ParapetConv3x3FilterGrad', [x, dy], geometry(info));
    return (stock as tf.KernelFunc)(params);
  });
  replaceKernel(nativeBackendName, CONVOLUTION_RELU, () => ({ inputs, attrs, backend }) => {
    const { x, filter } = inputs as Inputs<'x' | 'filter'>;
    const bias = inputs['bias'] as tf.Tensor1D;
    const info = plainInfo(x.shape, filter.shape, attrs);
    if (suitsWinograd(info)) return runOp(backend, 'ParapetConv3x3Relu', [x, filter, bias], geometry(info));
    if (isFirstLayer(info)) return runOp(backend, 'ParapetConvRelu', [x, filter, bias], geometry(info));
    const { pad } = attrs as unknown as { pad: 'valid' | 'same' };
    return tf.tidy(() => tf.relu(tf.add(tf.conv2d(x, filter, 1, pad), bias)));
  });
  replaceKernel(nativeBackendName, CONVOLUTION_RELU_INPUT_GRAD, () => (params) => {
    const { dy, y, filter } = params.inputs as Inputs<'dy' | 'y' | 'filter'>;
    const info = plainInfo(inputShapeOf(params.attrs), filter.shape, params.attrs);
    if (suitsWinograd(info)) {
      return runOp(params.backend, 'ParapetConv3x3ReluInputGrad', [dy, filter, y], geometry(info));
    }
    if (isFirstLayer(info)) return runOp(params.backend, 'ParapetConvReluInputGrad', [dy, filter, y], geometry(info));
    return unfused(tf.Conv2DBackpropInput, { filter }, params);
  });
  replaceKernel(nativeBackendName, CONVOLUTION_RELU_FILTER_GRAD, () => (params) => {
    const { x, dy, y } = params.inputs as Inputs<'x' | 'dy' | 'y'>;
    const info = plainInfo(x.shape, filterShapeOf(params.attrs), params.attrs);
    if (suitsWinograd(info)) return runOp(params.backend, 'ParapetConv3x3ReluFilterGrad', [x, dy, y], geometry(info));
    return unfused(tf.Conv2DBackpropFilter, { x }, params);
  });
  replaceKernel(nativeBackendName, CONVOLUTION_RELU_BIAS_GRAD, () => ({ inputs, backend }) => {
    const { dy, y } = inputs as Inputs<'dy' | 'y'>;
    return tf.tidy(() => tf.reshape(runOp(backend, 'ParapetReluBiasGrad', [dy, y], { geometry: [0] }), [-1]));
  });
  registerPooledConvolutions();
}

/** ReLU's mask first, then a gradient of the convolution alone. */
function unfused(kernel: string, inputs: tf.NamedTensorMap, params: Params): tf.Tensor {
  const { dy, y } = params.inputs as Inputs<'dy' | 'y'>;
  return tf.tidy(() => tf.engine().runKernel(kernel, { ...inputs, dy: reluGrad(dy, y) }, { ...params.attrs }));
}
