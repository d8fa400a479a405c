/**
 * CROWN-IBP: bounds of the margins by one backward pass. Each ReLU that may be on or off lies between two lines, taken from its interval
 * bounds; going back with a linear function of what it gives, positive coefficients take the upper line and negative ones the lower, until
 * the function is one of the pixels, whose largest value over the box is known.
 *
 * Sources: Zhang et al., "Towards Stable and Efficient Training of Verifiably Robust Neural Networks", ICLR 2020,
 * https://arxiv.org/abs/1906.06316, §3; the lines: Zhang et al., "Efficient Neural Network Robustness Certification with General Activation
 * Functions", NeurIPS 2018, https://arxiv.org/abs/1811.00866 (the lower one is 0 or the identity, whichever is closer). Differentiable as
 * `ibp-bounds.ts` is. Rounded outwards, the bound grows by what float32 rounding can do at every layer (`rounding.ts`).
 */
import * as tf from '@tensorflow/tfjs';
import { ParapetError } from '../../errors.ts';
import type { Architecture, NamedTensors } from '../../models/architecture.ts';
import type { ConvolutionLayer, LinearLayer, SequentialLayer } from '../../models/sequential.ts';
import { type Box, boundableLayers } from './box.ts';
import { absoluteTerms, after, differences, layerBounds, productsOf } from './ibp-bounds.ts';
import { LOST, type Rounding, roundingOf, roundingOfMargins } from './rounding.ts';

/** In place of 0 where a value's bounds are both 0; what is lost by it is counted as rounding is. */
const TINY = LOST;

/** An upper bound that is linear in the values of one place in the net: `slopes` [batch, classes, …values] and `offset` [batch, classes]. */
interface LinearBound {
  readonly slopes: tf.Tensor;
  readonly offset: tf.Tensor2D;
}

/**
 * The layers of an architecture that bounds can go back through.
 * @throws ParapetError 'submission' for one with max-pooling, or that cannot be bounded at all
 */
export function layersWithoutPooling(architecture: Architecture): readonly SequentialLayer[] {
  const layers = boundableLayers(architecture);
  const pooled = layers.find((layer) => layer.kind === 'convolution' && layer.pool);
  if (pooled === undefined) return layers;
  throw new ParapetError(
    'submission',
    `model.architecture: ${architecture.id} has max-pooling after ${pooled.name}, which CROWN bounds do not go back through`,
    'name one without, such as gowal-small-mnist, or bound it by intervals',
  );
}

/**
 * The largest that the score of each class can be above that of the right one.
 * @param layers without pooling
 * @param weights what `prepared` gives
 * @param labels indicator of the right class, [batch, classes]
 * @returns [batch, classes]; 0 for the right class
 */
export function crownMargins(
  layers: readonly SequentialLayer[],
  weights: NamedTensors,
  box: Box<tf.Tensor4D>,
  labels: tf.Tensor2D,
  rounding: Rounding = 'nearest',
): tf.Tensor2D {
  const hidden = layers.slice(0, -1);
  const last = layers.at(-1) as LinearLayer;
  const before = layerBounds(hidden, weights, box, rounding);
  const seen = (i: number): Box => (i === 0 ? box : after(hidden[i - 1] as SequentialLayer, before[i - 1] as Box));
  let bound = marginsOfLast(last, weights, labels);
  if (rounding === 'outwards') {
    const terms = absoluteTerms(last, weights, seen(hidden.length)) as tf.Tensor2D;
    bound = raised(bound, roundingOfMargins(productsOf(last, weights), terms, labels));
  }
  for (const [i, layer] of [...hidden.entries()].reverse()) {
    const relaxed = throughRelu(bound, before[i] as Box);
    const input = seen(i);
    const slopes = { above: bound.slopes, below: relaxed.slopes };
    const passed =
      layer.kind === 'linear'
        ? throughLinear(relaxed, layer, weights)
        : throughConvolution(relaxed, layer, weights, input.lower.shape);
    bound =
      rounding === 'nearest'
        ? passed
        : raised(passed, roundingBack(layer, weights, input, before[i] as Box, { ...slopes, isFirst: i === 0 }));
  }
  const [up, down] = signs(bound.slopes);
  const largest = tf.add(tf.mul(up, spread(box.upper, up)), tf.mul(down, spread(box.lower, down)));
  return tf.add(bound.offset, perClass(largest));
}

/**
 * What float32 rounding can do to a bound on its way back through a layer. The net's sums there are off, each times its slope; the slopes and
 * offsets that the bound has before the layer are sums over the layer's values, and the last of all one over the pixels: of so many terms
 * each, whose absolute values together are at most those of the layer's own sums, times the slopes.
 * @param input bounds of what the layer sees
 * @param before bounds of what it computes before ReLU
 * @param above slopes after ReLU, [batch, classes, …]
 * @param below slopes before it
 * @param isFirst whether the layer sees the pixels
 * @returns [batch, classes]
 */
function roundingBack(
  layer: SequentialLayer,
  weights: NamedTensors,
  input: Box,
  before: Box,
  { above, below, isFirst }: { readonly above: tf.Tensor; readonly below: tf.Tensor; readonly isFirst: boolean },
): tf.Tensor2D {
  const perImage = (values: tf.Tensor) => values.size / (values.shape[0] as number);
  const terms = productsOf(layer, weights) + perImage(before.lower) + (isFirst ? perImage(input.lower) : 0);
  const off = roundingOf(terms, absoluteTerms(layer, weights, input));
  const sizeOf = ({ lower, upper }: Box) =>
    tf.sum(tf.reshape(tf.maximum(tf.abs(lower), tf.abs(upper)), [lower.shape[0] as number, -1]), 1, true);
  const lost = tf.mul(tf.add(tf.add(sizeOf(input), sizeOf(before)), perClass(tf.abs(above))), LOST);
  return tf.add(perClass(tf.mul(tf.abs(below), spread(off, below))), lost);
}

function raised({ slopes, offset }: LinearBound, by: tf.Tensor2D): LinearBound {
  return { slopes, offset: tf.add(offset, by) };
}

/** Score of each class less that of the right one, as a function of what the last layer sees. */
function marginsOfLast(layer: LinearLayer, weights: NamedTensors, labels: tf.Tensor2D): LinearBound {
  const { matrix, bias } = differences(layer, weights);
  const [inputs, classes] = matrix.shape;
  const rows = tf.reshape(tf.transpose(matrix, [1, 2, 0]), [classes, classes * inputs]);
  const slopes = tf.reshape(tf.matMul(labels, rows as tf.Tensor2D), [-1, classes, inputs]);
  return { slopes, offset: tf.matMul(labels, bias) };
}

/** The bound as a function of what goes into a ReLU, which lies within `lower` and `upper`. */
function throughRelu({ slopes, offset }: LinearBound, { lower, upper }: Box): LinearBound {
  const [on, off] = [tf.relu(upper), tf.relu(tf.neg(lower))];
  // The line from (lower, 0) to (upper, upper): the identity where the ReLU is always on, 0 where it never is.
  const slope = tf.div(on, tf.maximum(tf.add(on, off), TINY));
  const [up, down] = signs(shaped(slopes, lower.shape));
  // As a step, which has a derivative: 0.
  const lowerSlope = tf.step(tf.add(lower, upper));
  const intercept = tf.mul(up, spread(tf.mul(slope, off), up));
  return {
    slopes: tf.add(tf.mul(up, spread(slope, up)), tf.mul(down, spread(lowerSlope, down))),
    offset: tf.add(offset, perClass(intercept)),
  };
}

function throughLinear({ slopes, offset }: LinearBound, { name }: LinearLayer, weights: NamedTensors): LinearBound {
  const [batch, classes, units] = slopes.shape as [number, number, number];
  const weight = weights[`${name}.weight`] as tf.Tensor2D;
  const back = tf.matMul(tf.reshape(slopes, [batch * classes, units]) as tf.Tensor2D, weight, false, true);
  return {
    slopes: tf.reshape(back, [batch, classes, weight.shape[0]]),
    offset: tf.add(offset, perClass(tf.mul(slopes, weights[`${name}.bias`] as tf.Tensor))),
  };
}

function throughConvolution(
  { slopes, offset }: LinearBound,
  { name, pad, stride = 1 }: ConvolutionLayer,
  weights: NamedTensors,
  input: readonly number[],
): LinearBound {
  const [batch, classes, ...maps] = slopes.shape as [number, number, number, number, number];
  const [, height, width, channels] = input as [number, number, number, number];
  const filter = weights[`${name}.weight`] as tf.Tensor4D;
  const rows = tf.reshape(slopes, [batch * classes, ...maps]) as tf.Tensor4D;
  const back = tf.conv2dTranspose(rows, filter, [batch * classes, height, width, channels], stride, pad);
  return {
    slopes: tf.reshape(back, [batch, classes, height, width, channels]),
    offset: tf.add(offset, perClass(tf.mul(slopes, weights[`${name}.bias`] as tf.Tensor))),
  };
}

/** Positive and negative part. */
function signs(slopes: tf.Tensor): [tf.Tensor, tf.Tensor] {
  return [tf.relu(slopes), tf.minimum(slopes, 0)];
}

/** Slopes in the shape of the values that they belong to, [batch, …]. */
function shaped(slopes: tf.Tensor, [, ...values]: readonly number[]): tf.Tensor {
  const [batch, classes] = slopes.shape as [number, number];
  return tf.reshape(slopes, [batch, classes, ...values]);
}

/** Values [batch, …] beside slopes [batch, classes, …], of whose shape their own is, flattened or not. */
function spread(values: tf.Tensor, slopes: tf.Tensor): tf.Tensor {
  const [batch, , ...rest] = slopes.shape as [number, number, ...number[]];
  return tf.reshape(values, [batch, 1, ...rest]);
}

/** Sum of each class's values: [batch, classes, …] → [batch, classes]. */
function perClass(values: tf.Tensor): tf.Tensor2D {
  const [batch, classes] = values.shape as [number, number];
  return tf.sum(tf.reshape(values, [batch, classes, -1]), 2);
}
