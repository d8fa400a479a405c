/**
 * Median smoothing: each value becomes the median of the k × k values around it, channel by channel.
 *
 * As the paper's code (scipy.ndimage.median_filter): the image is mirrored at its edges, the edge itself repeated; where k is even the
 * window reaches one further up and left, and of its two middle values the larger is taken.
 *
 * Differentiated as it stands: the derivative with respect to the value that is the median is 1, to all others 0; values of a window
 * that are equal to the median share it.
 *
 * Source: Xu et al., "Feature Squeezing: Detecting Adversarial Examples in Deep Neural Networks", NDSS 2018,
 * https://arxiv.org/abs/1704.01155, §III-C; default: its choice for MNIST, CIFAR-10 and ImageNet.
 */
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { Defense } from './defense.ts';
import { through } from './shared/through.ts';

const optionsSchema = z.strictObject({
  size: z.int().min(2).max(7).default(2).describe('Height and width of the window, in pixels'),
});

export const median: Defense<typeof optionsSchema> = {
  id: 'median',
  name: 'Median smoothing',
  paper: 'https://arxiv.org/abs/1704.01155',
  description: 'Each value of the image becomes the median of the size × size values around it.',
  joins: false,
  randomised: false,
  adaptive: ['exact'],
  optionsSchema,
  wrap: (classifiers, { size }) => through(classifiers, (x) => medianOf(windows(x, size))),
};

/** The values around each value, [batch, height, width, channels, size²]. */
function windows(x: tf.Tensor4D, size: number): tf.Tensor5D {
  const [batch, height, width, channels] = x.shape;
  const before = Math.floor(size / 2);
  const padded = mirrored(mirrored(x, 1, before, size - 1 - before), 2, before, size - 1 - before);
  const shifted = Array.from({ length: size * size }, (_, i) =>
    tf.slice(padded, [0, Math.floor(i / size), i % size, 0], [batch, height, width, channels]),
  );
  return tf.stack(shifted, 4) as tf.Tensor5D;
}

/** Images continued by their mirror image; tfjs has no gradient for its own mirrorPad. */
function mirrored(x: tf.Tensor4D, axis: 1 | 2, before: number, after: number): tf.Tensor4D {
  const side = x.shape[axis];
  const mirror = (start: number, count: number) => {
    const begin = [0, 0, 0, 0];
    const shape = x.shape.slice() as number[];
    begin[axis] = start;
    shape[axis] = count;
    return tf.reverse(tf.slice(x, begin, shape), axis);
  };
  const parts = [...(before > 0 ? [mirror(0, before)] : []), x, ...(after > 0 ? [mirror(side - after, after)] : [])];
  return tf.concat(parts, axis) as tf.Tensor4D;
}

/** The larger middle value along the last axis; selection has no gradient on any backend, so that it is stated here. */
function medianOf(values: tf.Tensor5D): tf.Tensor4D {
  const apply = tf.customGrad((input, save) => {
    const around = input as tf.Tensor5D;
    const [, , , , count] = around.shape;
    const middle = largest(around, count - Math.floor(count / 2));
    const isMiddle = tf.cast(tf.equal(around, middle), 'float32');
    (save as tf.GradSaveFunc)([tf.div(isMiddle, tf.sum(isMiddle, 4, true))]);
    return {
      value: tf.squeeze(middle, [4]),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(tf.expandDims(dy, 4), saved[0] as tf.Tensor),
    };
  });
  return apply(values) as tf.Tensor4D;
}

/** Up to so many values, comparing whole images by twos is faster than top-k, which takes one window after the other. */
const FEW = 9;

/** The value of a rank along the last axis, which is kept; rank 1 is the largest. */
function largest(around: tf.Tensor5D, rank: number): tf.Tensor {
  const count = around.shape[4];
  if (count > FEW) return tf.min(tf.topk(around, rank).values, 4, true);
  let left = tf.split(around, count, 4) as tf.Tensor[];
  for (let taken = 1; taken < rank; taken++) left = withoutLargest(left);
  return left.reduce((top, one) => tf.maximum(top, one));
}

/** All values but the largest of each place, in one pass. */
function withoutLargest([first, ...others]: readonly tf.Tensor[]): tf.Tensor[] {
  let top = first as tf.Tensor;
  return others.map((one) => {
    const smaller = tf.minimum(top, one);
    top = tf.maximum(top, one);
    return smaller;
  });
}
