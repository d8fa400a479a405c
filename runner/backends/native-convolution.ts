/**
 * Convolutions for the processor, by two ops of `native-ops.cc`: those of 3×3 with stride 1 by Winograd's algorithm, which
 * takes four times fewer multiplications than TensorFlow's own (they run at the processor's limit), and the input gradient
 * of a first layer. Every other convolution stays with TensorFlow.
 */
import * as tf from '@tensorflow/tfjs';
import { type ConvAttributes, convInfo } from '#core/kernels/conv2d-backprop.ts';
import { CONVOLUTION_RELU, CONVOLUTION_RELU_INPUT_GRAD } from '#core/kernels/convolution-relu.ts';
import { reluGrad } from '#core/kernels/relu-grad.ts';
import { replaceKernel } from '#core/kernels/replace.ts';
import { nativeBackendName } from './native-name.ts';
import { geometry, runOp } from './native-op.ts';

/** With fewer channels, in or out, Winograd's transforms cost more than the multiplications that they save. */
const FEWEST_CHANNELS = 16;

/** The most taps (height × width × input channels of a filter) that the op for first layers takes. */
const MOST_TAPS = 32;

type Attributes = ConvAttributes & { readonly dilations?: number | [number, number] };
type Info = ReturnType<typeof convInfo>;

/** Registers them, once. */
export function registerConvolutions(): void {
  replaceKernel(nativeBackendName, tf.Conv2D, (stock) => (params) => {
    const { x, filter } = params.inputs as { x: tf.TensorInfo; filter: tf.TensorInfo };
    const info = plainInfo(x.shape, filter.shape, params.attrs);
    return info && suitsWinograd(info) ? winograd(params.backend, info, x, filter) : (stock as tf.KernelFunc)(params);
  });
  replaceKernel(nativeBackendName, tf.Conv2DBackpropInput, (stock) => (params) => {
    const { dy, filter } = params.inputs as { dy: tf.TensorInfo; filter: tf.TensorInfo };
    const info = plainInfo((params.attrs as unknown as Attributes).inputShape, filter.shape, params.attrs);
    if (info && suitsWinograd(info)) return turnedWinograd(params.backend, info, dy, filter);
    if (info && isFirstLayer(info)) return runOp(params.backend, 'ParapetConvInputGrad', [dy, filter], geometry(info));
    return (stock as tf.KernelFunc)(params);
  });
  replaceKernel(nativeBackendName, CONVOLUTION_RELU, () => (params) => {
    const { x, filter, bias } = params.inputs as { x: tf.Tensor4D; filter: tf.Tensor4D; bias: tf.Tensor1D };
    const info = plainInfo(x.shape, filter.shape, params.attrs);
    if (info && suitsWinograd(info)) return winograd(params.backend, info, x, filter, bias);
    const { pad } = params.attrs as unknown as { pad: 'valid' | 'same' };
    return tf.tidy(() => tf.relu(tf.add(tf.conv2d(x, filter, 1, pad), bias)));
  });
  replaceKernel(nativeBackendName, CONVOLUTION_RELU_INPUT_GRAD, () => (params) => {
    const { dy, y, filter } = params.inputs as { dy: tf.Tensor4D; y: tf.Tensor4D; filter: tf.Tensor4D };
    const info = plainInfo((params.attrs as unknown as Attributes).inputShape, filter.shape, params.attrs);
    if (info && suitsWinograd(info)) return turnedWinograd(params.backend, info, dy, filter, y);
    return tf.tidy(() =>
      tf.engine().runKernel(tf.Conv2DBackpropInput, { dy: reluGrad(dy, y), filter }, { ...params.attrs }),
    ) as tf.Tensor;
  });
}

/** The geometry of a convolution of channels-last images without dilation, null for others. */
function plainInfo(input: number[], filter: number[], attrs: tf.NamedAttrMap | undefined): Info | null {
  const attributes = attrs as unknown as Attributes;
  const dilated = [attributes.dilations ?? 1].flat().some((dilation) => dilation !== 1);
  if (attributes.dataFormat === 'NCHW' || dilated) return null;
  return convInfo(input as Attributes['inputShape'], filter as Attributes['filterShape'], attributes);
}

function suitsWinograd({
  filterHeight,
  filterWidth,
  strideHeight,
  strideWidth,
  inChannels,
  outChannels,
}: Info): boolean {
  const small = filterHeight === 3 && filterWidth === 3 && strideHeight === 1 && strideWidth === 1;
  return small && Math.min(inChannels, outChannels) >= FEWEST_CHANNELS;
}

function isFirstLayer({ filterHeight, filterWidth, inChannels }: Info): boolean {
  return inChannels <= 4 && filterHeight * filterWidth * inChannels <= MOST_TAPS;
}

/** What the third input of the op is, as `Third` in `native-ops.cc`. */
const NOTHING = 0;
const BIAS = 1;
const MASK = 2;

/** x ∗ filter, or relu(x ∗ filter + bias). */
function winograd(backend: unknown, info: Info, x: tf.TensorInfo, filter: tf.TensorInfo, bias?: tf.TensorInfo) {
  const { padInfo, outHeight, outWidth } = info;
  const finish = bias ? [1, BIAS] : [0, NOTHING];
  const settings = [padInfo.top, padInfo.left, outHeight, outWidth, 0, ...finish, 0];
  return runOp(backend, 'ParapetConv3x3', [x, filter, bias ?? filter], { settings });
}

/** The gradient of x: dy, where y > 0 if y is given, ∗ the turned filter, padded so that the result is as large as x. */
function turnedWinograd(backend: unknown, info: Info, dy: tf.TensorInfo, filter: tf.TensorInfo, y?: tf.TensorInfo) {
  const { padInfo, inHeight, inWidth } = info;
  const settings = [2 - padInfo.top, 2 - padInfo.left, inHeight, inWidth, 1, 0, y ? MASK : NOTHING, 0];
  return runOp(backend, 'ParapetConv3x3', [dy, filter, y ?? filter], { settings });
}
