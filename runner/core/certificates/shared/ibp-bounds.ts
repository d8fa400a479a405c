/**
 * Interval bound propagation (IBP): bounds of every value in a net for all images of a box, layer by layer. With centre μ and radius r a
 * linear layer gives W·μ + b ± |W|·r; ReLU and max-pooling are monotone and apply to both ends.
 *
 * Source: Gowal et al., "On the Effectiveness of Interval Bound Propagation for Training Verifiably Robust Models", 2018,
 * https://arxiv.org/abs/1810.12715, §3. Differentiable by weights and box, so that it can be trained with. Rounded outwards, the radius of
 * every layer grows by what float32 rounding can do there (`rounding.ts`), before it goes on to the next.
 */
import * as tf from '@tensorflow/tfjs';
import type { NamedTensors } from '../../models/architecture.ts';
import { flatten } from '../../models/forward.ts';
import type { LinearLayer, SequentialLayer } from '../../models/sequential.ts';
import type { Box } from './box.ts';
import { type Rounding, roundingOf, roundingOfMargins } from './rounding.ts';

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
  rounding: Rounding = 'nearest',
): readonly Box[] {
  let seen: Box = box;
  return layers.map((layer) => {
    const before = through(layer, weights, seen, rounding);
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
  rounding: Rounding = 'nearest',
): tf.Tensor2D {
  const seen = lastInputs(layers, weights, box, rounding);
  const { centre, radius } = centred(seen);
  const last = layers.at(-1) as LinearLayer;
  const { matrix, bias } = differences(last, weights);
  const [classes] = bias.shape as [number, number];
  const flat = (values: tf.Tensor) => tf.reshape(values, [-1, classes * classes]) as tf.Tensor2D;
  const worst = tf.add(tf.add(tf.matMul(centre, flat(matrix)), tf.matMul(radius, flat(tf.abs(matrix)))), flat(bias));
  // Of all pairs of classes those with the right one first.
  const pairs = tf.reshape(worst, [-1, classes, classes]);
  const margins = tf.sum(tf.mul(pairs, tf.expandDims(labels, 2)), 1) as tf.Tensor2D;
  if (rounding === 'nearest') return margins;
  const terms = absoluteTerms(last, weights, seen) as tf.Tensor2D;
  return tf.add(margins, roundingOfMargins(productsOf(last, weights), terms, labels));
}

/** Bounds of what the last layer sees, [batch, in]. */
export function lastInputs(
  layers: readonly SequentialLayer[],
  weights: NamedTensors,
  box: Box<tf.Tensor4D>,
  rounding: Rounding = 'nearest',
): Box<tf.Tensor2D> {
  const hidden = layers.slice(0, -1);
  const before = layerBounds(hidden, weights, box, rounding).at(-1);
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

/** Largest sum of absolute terms that each value of a layer is made of before its ReLU, for inputs of a box: |W| · max(|lower|, |upper|) + |b|. */
export function absoluteTerms(layer: SequentialLayer, weights: NamedTensors, { lower, upper }: Box): tf.Tensor {
  const largest = tf.maximum(tf.abs(lower), tf.abs(upper));
  const [weight, bias] = weightsOf(layer, weights);
  return tf.add(times(layer, largest, tf.abs(weight)), tf.abs(bias));
}

/** How many products a value of a layer is the sum of, at most. */
export function productsOf(layer: SequentialLayer, weights: NamedTensors): number {
  const [weight] = weightsOf(layer, weights);
  return weight.size / (weight.shape.at(-1) as number);
}

/** What the linear part of a layer makes of a box. */
function through(layer: SequentialLayer, weights: NamedTensors, box: Box, rounding: Rounding): Box {
  const { centre, radius } = centred(box);
  const [weight, bias] = weightsOf(layer, weights);
  const sums = tf.add(times(layer, centre, weight), bias);
  const exact = times(layer, radius, tf.abs(weight));
  if (rounding === 'nearest') return around(sums, exact);
  const off = roundingOf(productsOf(layer, weights), absoluteTerms(layer, weights, box));
  return around(sums, tf.add(exact, off));
}

function centred<T extends tf.Tensor>({ lower, upper }: Box<T>): { centre: T; radius: T } {
  return { centre: tf.mul(tf.add(lower, upper), 0.5), radius: tf.mul(tf.sub(upper, lower), 0.5) };
}

function around(centre: tf.Tensor, radius: tf.Tensor): Box {
  return { lower: tf.sub(centre, radius), upper: tf.add(centre, radius) };
}

function weightsOf({ name }: SequentialLayer, weights: NamedTensors): [weight: tf.Tensor, bias: tf.Tensor] {
  return [weights[`${name}.weight`] as tf.Tensor, weights[`${name}.bias`] as tf.Tensor];
}

/** Values times the weights of a layer, without its bias. */
function times(layer: SequentialLayer, values: tf.Tensor, weight: tf.Tensor): tf.Tensor {
  if (layer.kind === 'linear') return tf.matMul(inRows(values), weight as tf.Tensor2D);
  return tf.conv2d(values as tf.Tensor4D, weight as tf.Tensor4D, layer.stride ?? 1, layer.pad);
}

/** What follows the linear part of a layer. */
export function after(layer: SequentialLayer, { lower, upper }: Box): Box {
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
