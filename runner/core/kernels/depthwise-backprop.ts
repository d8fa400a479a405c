/** The input's gradient of a convolution of each channel by itself, for wasm, which has none. */
import * as tf from '@tensorflow/tfjs';
import { replaceKernel } from './replace.ts';

/** What the kernel is given beside dy [batch, …, channels × multiplier] and the filter [height, width, channels, multiplier]. */
interface Attributes {
  readonly strides: number | [number, number];
  readonly pad: 'valid' | 'same' | number | tf.backend_util.ExplicitPadding;
  readonly dilations: number | [number, number];
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
  readonly inputShape: [number, number, number, number];
}

export function registerDepthwiseBackprop(): void {
  replaceKernel('wasm', tf.DepthwiseConv2dNativeBackpropInput, () => ({ inputs, attrs }) => {
    const { dy, filter } = inputs as { dy: tf.Tensor4D; filter: tf.Tensor4D };
    const { strides, pad, dilations, dimRoundingMode, inputShape } = attrs as unknown as Attributes;
    const { padInfo, strideHeight, strideWidth } = tf.backend_util.computeConv2DInfo(
      inputShape,
      filter.shape,
      strides,
      dilations,
      pad,
      dimRoundingMode,
      true,
    );
    const [height, width, channels, multiplier] = filter.shape;
    const [batch, rows, columns] = inputShape;
    return tf.tidy(() => {
      const own = tf.reshape(filter, [height, width, channels * multiplier, 1]) as tf.Tensor4D;
      const wide = [batch, rows, columns, channels * multiplier];
      const gradient = depthwiseInputGradient(dy, own, wide, [strideHeight, strideWidth], padInfo);
      if (multiplier === 1) return gradient;
      return tf.sum(tf.reshape(gradient, [batch, rows, columns, channels, multiplier]), 4);
    });
  });
}

/**
 * dy spread out by the strides, with room around it, under the filter turned by 180°.
 * @param dy [batch, …, channels]
 * @param filter [height, width, channels, 1]
 * @param shape of the input, [batch, height, width, channels]
 * @param padInfo zeros that lay before the input
 * @returns gradient of the input, of its shape
 */
export function depthwiseInputGradient(
  dy: tf.Tensor4D,
  filter: tf.Tensor4D,
  [, height, width]: readonly number[],
  [down, across]: [number, number],
  { top, left }: { readonly top: number; readonly left: number },
): tf.Tensor4D {
  const [rows, columns] = filter.shape;
  const spread = spreadOut(dy, down, across);
  const [, h, w] = spread.shape;
  // Before each axis as many as the window sees beyond what was padded; after it what makes the result as long as the input.
  const before = [rows - 1 - top, columns - 1 - left] as const;
  const after = [(height as number) - h + top, (width as number) - w + left] as const;
  const sides = [0, 1].map((axis) => [before[axis] as number, after[axis] as number] as const);
  const turned = tf.reverse(filter, [0, 1]);
  return tf.depthwiseConv2d(fitted(spread, sides), turned, 1, 'valid');
}

function spreadOut(dy: tf.Tensor4D, down: number, across: number): tf.Tensor4D {
  if (down === 1 && across === 1) return dy;
  const [batch, height, width, channels] = dy.shape;
  const cells = tf.pad(tf.reshape(dy, [batch, height, 1, width, channels]), [
    [0, 0],
    [0, 0],
    [0, down - 1],
    [0, 0],
    [0, 0],
  ]);
  const rows = tf.reshape(cells, [batch, height * down, width, 1, channels]);
  const wide = tf.pad(rows, [
    [0, 0],
    [0, 0],
    [0, 0],
    [0, across - 1],
    [0, 0],
  ]);
  const all = tf.reshape(wide, [batch, height * down, width * across, channels]) as tf.Tensor4D;
  return tf.slice(all, [0, 0, 0, 0], [batch, (height - 1) * down + 1, (width - 1) * across + 1, channels]);
}

/** With zeros before and after, or without what is there where their number is negative. */
function fitted(x: tf.Tensor4D, sides: readonly (readonly [number, number])[]): tf.Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const [[top, bottom], [left, right]] = sides as [readonly [number, number], readonly [number, number]];
  const cut = (side: number) => Math.max(0, -side);
  const add = (side: number) => Math.max(0, side);
  const kept = tf.slice(
    x,
    [0, cut(top), cut(left), 0],
    [batch, height - cut(top) - cut(bottom), width - cut(left) - cut(right), channels],
  );
  return tf.pad(kept, [
    [0, 0],
    [add(top), add(bottom)],
    [add(left), add(right)],
    [0, 0],
  ]);
}
