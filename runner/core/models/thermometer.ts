/**
 * Papernot's nets on thermometer codes: each value of the image becomes 16 values, of which the k-th, k = 0 … 15, is 1 where the value
 * is above k/16 and 0 elsewhere. The codes of a value are neighbouring channels.
 *
 * A step has a gradient of zero; in its place that of min(max(16 x − k, 0), 1) is taken (BPDA), at its ends too, so that no value in
 * [0, 1] is without one.
 *
 * Sources: Buckman et al., "Thermometer Encoding: One Hot Way To Resist Adversarial Examples", ICLR 2018,
 * https://openreview.net/forum?id=S18Su--CW; the formula and its gradient: Athalye et al., "Obfuscated Gradients Give a False Sense of
 * Security", ICML 2018, https://arxiv.org/abs/1802.00420, §5.2.1.
 */
import * as tf from '@tensorflow/tfjs';
import type { Architecture } from './architecture.ts';
import { cifar10Widths, layers, mnistWidths, parametersOf, type Widths } from './papernot.ts';
import { sequential } from './sequential.ts';

const LEVELS = 16;
const CLASSES = 10;

/**
 * @param x images in [0, 1], [batch, height, width, channels]
 * @returns their codes, [batch, height, width, 16 · channels]
 */
export function thermometerCode(x: tf.Tensor4D): tf.Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const apply = tf.customGrad((images, save) => {
    // How far a value lies above each of the levels, in levels.
    const above = tf.sub(tf.expandDims(tf.mul(images as tf.Tensor4D, LEVELS), 4), tf.range(0, LEVELS));
    const onRamp = tf.logicalAnd(tf.greaterEqual(above, 0), tf.lessEqual(above, 1));
    (save as tf.GradSaveFunc)([tf.mul(tf.cast(onRamp, 'float32'), LEVELS)]);
    return {
      value: tf.reshape(tf.cast(tf.greater(above, 0), 'float32'), [batch, height, width, channels * LEVELS]),
      gradFunc: (dy: tf.Tensor, [slope]) => {
        const each = tf.reshape(dy, [batch, height, width, channels, LEVELS]);
        return tf.sum(tf.mul(each, slope as tf.Tensor), 4);
      },
    };
  });
  return apply(x) as tf.Tensor4D;
}

function thermometer(id: string, name: string, inputShape: Architecture['inputShape'], widths: Widths): Architecture {
  const [height, width, channels] = inputShape;
  const { forward } = sequential(layers);
  return {
    id,
    name,
    paper: 'https://openreview.net/forum?id=S18Su--CW',
    inputShape,
    classes: CLASSES,
    parameters: parametersOf([height, width, channels * LEVELS], widths),
    forward: (weights, x, dropout) => forward(weights, thermometerCode(x), dropout),
  };
}

export const thermometerMnist = thermometer(
  'papernot-thermometer-mnist',
  'Papernot’s MNIST net on thermometer codes',
  [28, 28, 1],
  mnistWidths,
);
export const thermometerCifar10 = thermometer(
  'papernot-thermometer-cifar10',
  'Papernot’s CIFAR-10 net on thermometer codes',
  [32, 32, 3],
  cifar10Widths,
);
