/**
 * CROWN-IBP: bounds of the margins by one backward pass. Each ReLU that may be on or off lies between two lines, taken from its interval
 * bounds; going back with a linear function of what it gives, positive coefficients take the upper line and negative ones the lower, until
 * the function is one of the pixels, whose largest value over the box is known.
 *
 * Sources: Zhang et al., "Towards Stable and Efficient Training of Verifiably Robust Neural Networks", ICLR 2020,
 * https://arxiv.org/abs/1906.06316, §3; the lines: Zhang et al., "Efficient Neural Network Robustness Certification with General Activation
 * Functions", NeurIPS 2018, https://arxiv.org/abs/1811.00866 (the lower one is 0 or the identity, whichever is closer). Differentiable as
 * `ibp-bounds.ts` is; rounding is float32's.
 */
import * as tf from '@tensorflow/tfjs';
import { ParapetError } from '../../errors.ts';
import type { Architecture, NamedTensors } from '../../models/architecture.ts';
import type { ConvolutionLayer, LinearLayer, SequentialLayer } from '../../models/sequential.ts';
import { type Box, boundableLayers } from './box.ts';
import { differences, layerBounds } from './ibp-bounds.ts';

/** In place of 0 where a value's bounds are both 0. */
const TINY = 1e-30;

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
): tf.Tensor2D {
  const hidden = layers.slice(0, -1);
  const before = layerBounds(hidden, weights, box);
  let bound = marginsOfLast(layers.at(-1) as LinearLayer, weights, labels);
  for (const [i, layer] of [...hidden.entries()].reverse()) {
    const relaxed = throughRelu(bound, before[i] as Box);
    const input = before[i - 1]?.lower.shape ?? box.lower.shape;
    bound =
      layer.kind === 'linear'
        ? throughLinear(relaxed, layer, weights)
        : throughConvolution(relaxed, layer, weights, input);
  }
  const [up, down] = signs(bound.slopes);
  const largest = tf.add(tf.mul(up, spread(box.upper, up)), tf.mul(down, spread(box.lower, down)));
  return tf.add(bound.offset, perClass(largest));
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
  const raised = tf.mul(up, spread(tf.mul(slope, off), up));
  return {
    slopes: tf.add(tf.mul(up, spread(slope, up)), tf.mul(down, spread(lowerSlope, down))),
    offset: tf.add(offset, perClass(raised)),
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
