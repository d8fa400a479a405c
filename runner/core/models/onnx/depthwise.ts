/** A convolution of each channel by itself, with a gradient that every backend has: tfjs has none on wasm, and none for GPUs in pieces. */
import * as tf from '@tensorflow/tfjs';

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
      inputGradient(dy as tf.Tensor4D, saved[0] as tf.Tensor4D, shape, strides, padInfo);
    return { value, gradFunc };
  });
  return apply(x) as tf.Tensor4D;
}

/** dy spread out by the strides, with room around it, under the filter turned by 180°. */
function inputGradient(
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
