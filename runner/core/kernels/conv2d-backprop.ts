/**
 * The two gradients of a convolution as convolutions, for wasm: the stock kernel for the input is a plain loop, twelve
 * times slower than the forward pass, and there is none for the filter.
 *
 * With stride s, dy is first spread out (s − 1 zeros between its values). Then
 *   dx = conv(dy padded by f − 1 − pad, filter turned by 180° with its channels exchanged)
 *   dW = conv(x with batch and channels exchanged, dy likewise), batch in the place of the channels.
 */
import * as tf from '@tensorflow/tfjs';
import { onHeap, replaceKernel } from './replace.ts';

type ConvInfo = ReturnType<typeof tf.backend_util.computeConv2DInfo>;
type Shape4D = [number, number, number, number];
type Padding = [[0, 0], [number, number], [number, number], [0, 0]];

/** What the two kernels are given; `inputShape` or `filterShape` says what the gradient has. */
export interface ConvAttributes {
  strides: number | [number, number];
  pad: 'valid' | 'same' | number | tf.backend_util.ExplicitPadding;
  dataFormat: 'NHWC' | 'NCHW';
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
  inputShape: Shape4D;
  filterShape: Shape4D;
}

export function registerConv2DBackprop(): void {
  replaceKernel('wasm', tf.Conv2DBackpropInput, (stock) => (params) => {
    const attributes = params.attrs as unknown as ConvAttributes;
    if (attributes.dataFormat === 'NCHW') return (stock as tf.KernelFunc)(params);
    const { dy, filter } = params.inputs as { dy: tf.Tensor4D; filter: tf.Tensor4D };
    const info = convInfo(attributes.inputShape, filter.shape, attributes);
    // With few channels the convolution would compute one lane in eight; see `spreadToInput`.
    if (info.inChannels <= 4) return spreadToInput(params.backend, dy, filter, info);
    return tf.tidy(() => inputGradient(dy, filter, info));
  });
  replaceKernel('wasm', tf.Conv2DBackpropFilter, () => (params) => {
    const attributes = params.attrs as unknown as ConvAttributes;
    if (attributes.dataFormat === 'NCHW') throw new Error('Conv2DBackpropFilter on wasm wants the channels last');
    const { x, dy } = params.inputs as { x: tf.Tensor4D; dy: tf.Tensor4D };
    return tf.tidy(() => filterGradient(x, dy, convInfo(x.shape, attributes.filterShape, attributes)));
  });
}

/** Geometry of a convolution of channels-last images. */
export function convInfo(input: Shape4D, filter: Shape4D, { strides, pad, dimRoundingMode }: ConvAttributes): ConvInfo {
  return tf.backend_util.computeConv2DInfo(input, filter, strides, 1, pad, dimRoundingMode);
}

/**
 * Gradient of the input of a first layer: one product of matrices says what each output sends to each cell under the filter,
 * and a loop on the heap adds it up there.
 */
function spreadToInput(backend: unknown, dy: tf.Tensor4D, filter: tf.Tensor4D, info: ConvInfo): tf.TensorInfo {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, filterHeight, filterWidth } =
    info;
  const taps = filterHeight * filterWidth * inChannels;
  const products = tf.tidy(() =>
    tf.matMul(tf.reshape(dy, [-1, outChannels]), tf.transpose(tf.reshape(filter, [taps, outChannels]))),
  );
  const { output, values, inputs } = onHeap(backend, info.inShape, [products]);
  const sent = inputs[0] as Float32Array;
  values.fill(0);
  let place = 0;
  for (let image = 0; image < batchSize; image++) {
    for (let row = 0; row < outHeight; row++) {
      for (let column = 0; column < outWidth; column++, place += taps) {
        const left = column * info.strideWidth - info.padInfo.left;
        const from = Math.max(0, -left) * inChannels;
        const to = Math.min(filterWidth, inWidth - left) * inChannels;
        for (let r = 0; r < filterHeight; r++) {
          const line = row * info.strideHeight - info.padInfo.top + r;
          if (line < 0 || line >= inHeight) continue;
          const target = ((image * inHeight + line) * inWidth + left) * inChannels;
          const source = place + r * filterWidth * inChannels;
          for (let t = from; t < to; t++)
            values[target + t] = (values[target + t] as number) + (sent[source + t] as number);
        }
      }
    }
  }
  products.dispose();
  return output;
}

function inputGradient(dy: tf.Tensor4D, filter: tf.Tensor4D, info: ConvInfo): tf.Tensor4D {
  const { inHeight, inWidth, filterHeight, filterWidth, padInfo } = info;
  const spread = spreadOut(dy, info);
  const turned = tf.transpose(tf.reverse(filter, [0, 1]), [0, 1, 3, 2]);
  const top = filterHeight - 1 - padInfo.top;
  const left = filterWidth - 1 - padInfo.left;
  const bottom = inHeight + filterHeight - 1 - spread.shape[1] - top;
  const right = inWidth + filterWidth - 1 - spread.shape[2] - left;
  return tf.conv2d(...padded(spread, top, bottom, left, right, turned));
}

function filterGradient(x: tf.Tensor4D, dy: tf.Tensor4D, info: ConvInfo): tf.Tensor4D {
  const { filterHeight, filterWidth, padInfo } = info;
  const spread = spreadOut(dy, info);
  const images = tf.transpose(x, [3, 1, 2, 0]);
  const kernel = tf.transpose(spread, [1, 2, 0, 3]);
  const bottom = filterHeight - 1 + spread.shape[1] - x.shape[1] - padInfo.top;
  const right = filterWidth - 1 + spread.shape[2] - x.shape[2] - padInfo.left;
  const gradient = tf.conv2d(...padded(images, padInfo.top, bottom, padInfo.left, right, kernel));
  return tf.transpose(gradient, [1, 2, 0, 3]);
}

/** Arguments of a stride-1 convolution. Negative padding, which the op refuses, is cut off the images. */
function padded(
  images: tf.Tensor4D,
  top: number,
  bottom: number,
  left: number,
  right: number,
  filter: tf.Tensor4D,
): [tf.Tensor4D, tf.Tensor4D, 1, Padding] {
  const [batch, height, width, channels] = images.shape;
  const cut = (pad: number): number => Math.max(0, -pad);
  const add = (pad: number): number => Math.max(0, pad);
  const whole = top >= 0 && bottom >= 0 && left >= 0 && right >= 0;
  const kept = whole
    ? images
    : tf.slice4d(
        images,
        [0, cut(top), cut(left), 0],
        [batch, height - cut(top) - cut(bottom), width - cut(left) - cut(right), channels],
      );
  return [
    kept,
    filter,
    1,
    [
      [0, 0],
      [add(top), add(bottom)],
      [add(left), add(right)],
      [0, 0],
    ],
  ];
}

/** Puts strides − 1 zeros between the rows and columns of dy. */
function spreadOut(dy: tf.Tensor4D, { strideHeight, strideWidth }: ConvInfo): tf.Tensor4D {
  if (strideHeight === 1 && strideWidth === 1) return dy;
  const [batch, height, width, channels] = dy.shape;
  const columns = tf.pad(tf.reshape(dy, [batch * height, 1, width, 1, channels]), [
    [0, 0],
    [0, strideHeight - 1],
    [0, 0],
    [0, strideWidth - 1],
    [0, 0],
  ]);
  const full = tf.reshape(columns, [batch, height * strideHeight, width * strideWidth, channels]) as tf.Tensor4D;
  const rows = (height - 1) * strideHeight + 1;
  return tf.slice4d(full, [0, 0, 0, 0], [batch, rows, (width - 1) * strideWidth + 1, channels]);
}
