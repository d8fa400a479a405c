/**
 * Interval bound propagation (IBP): bounds of every value in a net for all images of a box, layer by layer. With centre μ and radius r a
 * linear layer gives W·μ + b ± |W|·r; ReLU and max-pooling are monotone and apply to both ends.
 *
 * Source: Gowal et al., "On the Effectiveness of Interval Bound Propagation for Training Verifiably Robust Models", 2018,
 * https://arxiv.org/abs/1810.12715, §3. Differentiable by weights and box, so that it can be trained with; rounding is float32's, to the
 * nearest.
 */
import * as tf from '@tensorflow/tfjs';
import type { NamedTensors } from '../../models/architecture.ts';
import { flatten } from '../../models/forward.ts';
import type { ConvolutionLayer, LinearLayer, SequentialLayer } from '../../models/sequential.ts';
import type { Box } from './box.ts';

/** Images within ε of x in every pixel, and in the pixel range. */
export function pixelBox(x: tf.Tensor4D, epsilon: number): Box<tf.Tensor4D> {
  return { lower: tf.maximum(tf.sub(x, epsilon), 0), upper: tf.minimum(tf.add(x, epsilon), 1) };
}

/**
 * Bounds of the logits.
 * @param layers of an architecture that can be bounded
 * @param weights what `prepared` gives
 * @param lower least value of each pixel, [batch, height, width, channels]
 * @param upper largest value of each pixel
 * @returns [batch, classes] each
 */
export function bounds(
  layers: readonly SequentialLayer[],
  weights: NamedTensors,
  lower: tf.Tensor4D,
  upper: tf.Tensor4D,
): Box<tf.Tensor2D> {
  return layerBounds(layers, weights, { lower, upper }).at(-1) as Box<tf.Tensor2D>;
}

/** Bounds of what each layer computes before its ReLU; the last are those of the logits. */
export function layerBounds(
  layers: readonly SequentialLayer[],
  weights: NamedTensors,
  box: Box<tf.Tensor4D>,
): readonly Box[] {
  let seen: Box = box;
  return layers.map((layer) => {
    const before = layer.kind === 'convolution' ? convolved(layer, weights, seen) : connected(layer, weights, seen);
    seen = after(layer, before);
    return before;
  });
}

/**
 * The largest that the score of each class can be above that of the right one. Tighter than the difference of the logits' bounds: the
 * last layer's rows are subtracted before they are bounded.
 * @param labels indicator of the right class, [batch, classes]
 * @returns [batch, classes]; 0 for the right class. An image is certified where no other class is at 0 or above.
 */
export function worstMargins(
  layers: readonly SequentialLayer[],
  weights: NamedTensors,
  box: Box<tf.Tensor4D>,
  labels: tf.Tensor2D,
): tf.Tensor2D {
  const { centre, radius } = centred(lastInputs(layers, weights, box));
  const { matrix, bias } = differences(layers.at(-1) as LinearLayer, weights);
  const [classes] = bias.shape as [number, number];
  const flat = (values: tf.Tensor) => tf.reshape(values, [-1, classes * classes]) as tf.Tensor2D;
  const worst = tf.add(tf.add(tf.matMul(centre, flat(matrix)), tf.matMul(radius, flat(tf.abs(matrix)))), flat(bias));
  // Of all pairs of classes those with the right one first.
  const pairs = tf.reshape(worst, [-1, classes, classes]);
  return tf.sum(tf.mul(pairs, tf.expandDims(labels, 2)), 1);
}

/** Bounds of what the last layer sees, [batch, in]. */
export function lastInputs(
  layers: readonly SequentialLayer[],
  weights: NamedTensors,
  box: Box<tf.Tensor4D>,
): Box<tf.Tensor2D> {
  const hidden = layers.slice(0, -1);
  const before = layerBounds(hidden, weights, box).at(-1);
  const seen = before === undefined ? box : after(hidden.at(-1) as SequentialLayer, before);
  return { lower: inRows(seen.lower), upper: inRows(seen.upper) };
}

/** Rows of the last layer as differences: `matrix` [in, k, j] is the weight of class j less that of class k; `bias` [k, j] likewise. */
export function differences({ name }: LinearLayer, weights: NamedTensors): { matrix: tf.Tensor3D; bias: tf.Tensor2D } {
  const [weight, bias] = [weights[`${name}.weight`] as tf.Tensor2D, weights[`${name}.bias`] as tf.Tensor1D];
  return {
    matrix: tf.sub(tf.expandDims(weight, 1), tf.expandDims(weight, 2)),
    bias: tf.sub(tf.expandDims(bias, 0), tf.expandDims(bias, 1)),
  };
}

function centred<T extends tf.Tensor>({ lower, upper }: Box<T>): { centre: T; radius: T } {
  return { centre: tf.mul(tf.add(lower, upper), 0.5), radius: tf.mul(tf.sub(upper, lower), 0.5) };
}

function around<T extends tf.Tensor>(centre: tf.Tensor, radius: tf.Tensor): Box<T> {
  return { lower: tf.sub(centre, radius), upper: tf.add(centre, radius) };
}

function convolved({ name, pad, stride = 1 }: ConvolutionLayer, weights: NamedTensors, box: Box): Box {
  const { centre, radius } = centred(box as Box<tf.Tensor4D>);
  const filter = weights[`${name}.weight`] as tf.Tensor4D;
  const sums = tf.add(tf.conv2d(centre, filter, stride, pad), weights[`${name}.bias`] as tf.Tensor);
  return around(sums, tf.conv2d(radius, tf.abs(filter), stride, pad));
}

function connected({ name }: LinearLayer, weights: NamedTensors, box: Box): Box {
  const { centre, radius } = centred({ lower: inRows(box.lower), upper: inRows(box.upper) });
  const weight = weights[`${name}.weight`] as tf.Tensor2D;
  const sums = tf.add(tf.matMul(centre, weight), weights[`${name}.bias`] as tf.Tensor);
  return around(sums, tf.matMul(radius, tf.abs(weight)));
}

/** What follows the linear part of a layer. */
function after(layer: SequentialLayer, { lower, upper }: Box): Box {
  const apply = (values: tf.Tensor): tf.Tensor => {
    if (layer.kind === 'linear') return layer.relu ? tf.relu(values) : values;
    const active = tf.relu(values) as tf.Tensor4D;
    return layer.pool ? tf.maxPool(active, 2, 2, 'valid') : active;
  };
  return { lower: apply(lower), upper: apply(upper) };
}

function inRows(values: tf.Tensor): tf.Tensor2D {
  return values.rank === 2 ? (values as tf.Tensor2D) : flatten(values as tf.Tensor4D);
}
