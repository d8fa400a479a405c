/**
 * Convolutions for the processor, by ops of `native-ops.cc`: those of 3×3 with stride 1 by Winograd's algorithm, which
 * takes four times fewer multiplications than TensorFlow's own (they run at the processor's limit), and those of a first
 * layer, which has too few channels for it. Every other convolution stays with TensorFlow.
 */
import * as tf from '@tensorflow/tfjs';
import { type ConvAttributes, convInfo } from '#core/kernels/conv2d-backprop.ts';
import {
  CONVOLUTION_RELU,
  CONVOLUTION_RELU_BIAS_GRAD,
  CONVOLUTION_RELU_FILTER_GRAD,
  CONVOLUTION_RELU_INPUT_GRAD,
} from '#core/kernels/convolution-relu.ts';
import { reluGrad } from '#core/kernels/relu-grad.ts';
import { replaceKernel } from '#core/kernels/replace.ts';
import { nativeBackendName } from './native-name.ts';
import { geometry, runOp } from './native-op.ts';

/**
 * Where Winograd's algorithm is the faster one; measured on images of 28×28 and less, one thread, against TensorFlow's own:
 * the harmonic mean of the channels in and out (at 16 it takes 1.15 times as long, at 21 and 24 three quarters, at 64 half),
 * the filters (at 512 × 512 they leave the cache once transformed) and the part of its 4×4 tiles that the outputs fill.
 * None depends on the batch, so that nothing changes when images leave it.
 */
const FEWEST_CHANNELS = 20;
const MOST_FILTERS = 256 * 256;
const LEAST_FILLED = 0.5;

/** The most taps (height × width × input channels of a filter) that the ops for first layers take. */
const MOST_TAPS = 32;

type Info = ReturnType<typeof convInfo>;
type Inputs<Name extends string> = Readonly<Record<Name, tf.Tensor4D>>;

/** Registers them, once. */
export function registerConvolutions(): void {
  replaceKernel(nativeBackendName, tf.Conv2D, (stock) => (params) => {
    const { x, filter } = params.inputs as Inputs<'x' | 'filter'>;
    const info = plainInfo(x.shape, filter.shape, params.attrs);
    return suitsWinograd(info) ? winograd(params.backend, info, x, filter) : (stock as tf.KernelFunc)(params);
  });
  replaceKernel(nativeBackendName, tf.Conv2DBackpropInput, (stock) => (params) => {
    const { dy, filter } = params.inputs as Inputs<'dy' | 'filter'>;
    const info = plainInfo(attribute(params, 'inputShape'), filter.shape, params.attrs);
    return inputGradient(params.backend, info, dy, filter) ?? (stock as tf.KernelFunc)(params);
  });
  replaceKernel(nativeBackendName, tf.Conv2DBackpropFilter, (stock) => (params) => {
    const { x, dy } = params.inputs as Inputs<'x' | 'dy'>;
    const info = plainInfo(x.shape, attribute(params, 'filterShape'), params.attrs);
    return suitsWinograd(info) ? filterGradient(params.backend, info, x, dy) : (stock as tf.KernelFunc)(params);
  });
  replaceKernel(nativeBackendName, CONVOLUTION_RELU, () => (params) => {
    const { x, filter } = params.inputs as Inputs<'x' | 'filter'>;
    const bias = params.inputs['bias'] as tf.Tensor1D;
    const info = plainInfo(x.shape, filter.shape, params.attrs);
    if (suitsWinograd(info)) return winograd(params.backend, info, x, filter, bias);
    if (isFirstLayer(info)) return runOp(params.backend, 'ParapetConvRelu', [x, filter, bias], geometry(info));
    const { pad } = params.attrs as unknown as { pad: 'valid' | 'same' };
    return tf.tidy(() => tf.relu(tf.add(tf.conv2d(x, filter, 1, pad), bias)));
  });
  replaceKernel(nativeBackendName, CONVOLUTION_RELU_INPUT_GRAD, () => (params) => {
    const { dy, y, filter } = params.inputs as Inputs<'dy' | 'y' | 'filter'>;
    const info = plainInfo(attribute(params, 'inputShape'), filter.shape, params.attrs);
    return inputGradient(params.backend, info, dy, filter, y) ?? unfused(tf.Conv2DBackpropInput, { filter }, params);
  });
  replaceKernel(nativeBackendName, CONVOLUTION_RELU_FILTER_GRAD, () => (params) => {
    const { x, dy, y } = params.inputs as Inputs<'x' | 'dy' | 'y'>;
    const info = plainInfo(x.shape, attribute(params, 'filterShape'), params.attrs);
    if (suitsWinograd(info)) return filterGradient(params.backend, info, x, dy, y);
    return unfused(tf.Conv2DBackpropFilter, { x }, params);
  });
  replaceKernel(nativeBackendName, CONVOLUTION_RELU_BIAS_GRAD, () => ({ inputs, backend }) => {
    const { dy, y } = inputs as Inputs<'dy' | 'y'>;
    return tf.tidy(() => tf.reshape(runOp(backend, 'ParapetBiasGrad', [dy, y], { settings: [0] }), [-1]));
  });
}

type Params = Parameters<tf.KernelFunc>[0];

function attribute(params: Params, name: 'inputShape' | 'filterShape'): number[] {
  return params.attrs?.[name] as number[];
}

/** ReLU's mask first, then a gradient of the convolution alone. */
function unfused(kernel: string, inputs: tf.NamedTensorMap, params: Params): tf.Tensor {
  const { dy, y } = params.inputs as Inputs<'dy' | 'y'>;
  return tf.tidy(() => tf.engine().runKernel(kernel, { ...inputs, dy: reluGrad(dy, y) }, { ...params.attrs }));
}

/** The geometry of a convolution of channels-last images without dilation, null for others. */
function plainInfo(input: number[], filter: number[], attrs: tf.NamedAttrMap | undefined): Info | null {
  const attributes = attrs as unknown as ConvAttributes & { readonly dilations?: number | [number, number] };
  const dilated = [attributes.dilations ?? 1].flat().some((dilation) => dilation !== 1);
  if (attributes.dataFormat === 'NCHW' || dilated) return null;
  return convInfo(input as ConvAttributes['inputShape'], filter as ConvAttributes['filterShape'], attributes);
}

function suitsWinograd(info: Info | null): info is Info {
  if (info === null) return false;
  const { filterHeight, filterWidth, strideHeight, strideWidth, inChannels, outChannels, outHeight, outWidth } = info;
  if (filterHeight !== 3 || filterWidth !== 3 || strideHeight !== 1 || strideWidth !== 1) return false;
  const filters = inChannels * outChannels;
  const tiles = Math.ceil(outHeight / 4) * Math.ceil(outWidth / 4);
  const mean = (2 * filters) / (inChannels + outChannels);
  return mean >= FEWEST_CHANNELS && filters <= MOST_FILTERS && (outHeight * outWidth) / (16 * tiles) >= LEAST_FILLED;
}

function isFirstLayer(info: Info | null): info is Info {
  if (info === null) return false;
  return info.inChannels <= 4 && info.filterHeight * info.filterWidth * info.inChannels <= MOST_TAPS;
}

/** What the third input of the op is, as `Third` in `native-ops.cc`. */
const NOTHING = 0;
const BIAS = 1;
const MASK = 2;

/** x ∗ filter, or relu(x ∗ filter + bias). */
function winograd(backend: unknown, info: Info, x: tf.Tensor, filter: tf.Tensor, bias?: tf.Tensor): tf.Tensor {
  const { padInfo, outHeight, outWidth } = info;
  const finish = bias ? [1, BIAS] : [0, NOTHING];
  const settings = [padInfo.top, padInfo.left, outHeight, outWidth, 0, ...finish];
  return runOp(backend, 'ParapetConv3x3', [x, filter, bias ?? filter], { settings });
}

/**
 * The gradient of x, of dy where y > 0 if y is given; null where no op of ours suits. By Winograd's algorithm it is dy ∗
 * the turned filter, padded so that the result is as large as x.
 */
function inputGradient(backend: unknown, info: Info | null, dy: tf.Tensor, filter: tf.Tensor, y?: tf.Tensor) {
  if (suitsWinograd(info)) {
    const { padInfo, inHeight, inWidth } = info;
    const settings = [2 - padInfo.top, 2 - padInfo.left, inHeight, inWidth, 1, 0, y ? MASK : NOTHING];
    return runOp(backend, 'ParapetConv3x3', [dy, filter, y ?? filter], { settings });
  }
  if (!isFirstLayer(info)) return null;
  if (y) return runOp(backend, 'ParapetConvReluInputGrad', [dy, filter, y], geometry(info));
  return runOp(backend, 'ParapetConvInputGrad', [dy, filter], geometry(info));
}

/** The gradient of the filter, of dy where y > 0 if y is given. */
function filterGradient(backend: unknown, { padInfo }: Info, x: tf.Tensor, dy: tf.Tensor, y?: tf.Tensor): tf.Tensor {
  const settings = [padInfo.top, padInfo.left, y ? 1 : 0];
  return runOp(backend, 'ParapetConv3x3FilterGrad', [x, dy, y ?? dy], { settings });
}
