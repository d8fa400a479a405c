/**
 * A convolutional maxout net for CIFAR-10: three layers of units that each are the larger of two filters, with 2 × 2 max-pooling, and a
 * layer that scores the classes.
 *
 * Source: Goodfellow et al., "Maxout Networks", ICML 2013, https://arxiv.org/abs/1302.4389, §5.2, in fewer and smaller filters (32, 64 and
 * 64 units of 3 × 3) and without its whitened images.
 */
import * as tf from '@tensorflow/tfjs';
import type { Architecture, NamedTensors } from '../../models/architecture.ts';
import { connect, convolve, flatten } from '../../models/forward.ts';
import { convolution, linear, pytorch } from '../../models/pytorch.ts';
import { standard } from '../../training/standard.ts';
import type { TrainedNet } from '../experiment.ts';

const PIECES = 2;
const UNITS = [32, 64, 64] as const;
/** Pixels along a side that three poolings leave of 32. */
const SIDE = 4;
const CLASSES = 10;

/** Units of a layer at half the resolution: the larger of their filters, and the largest of a square. */
function units(weights: NamedTensors, name: string, x: tf.Tensor4D): tf.Tensor4D {
  const sums = convolve(weights, name, x);
  const [batch, height, width, filters] = sums.shape;
  const pieces = tf.reshape(sums, [batch, height, width, filters / PIECES, PIECES]);
  return tf.maxPool(tf.max(pieces, 4) as tf.Tensor4D, 2, 2, 'valid');
}

const architecture: Architecture = {
  id: 'maxout-cifar10',
  name: 'Convolutional maxout net for CIFAR-10',
  paper: 'https://arxiv.org/abs/1412.6572',
  inputShape: [32, 32, 3],
  classes: CLASSES,
  ...pytorch([
    ...UNITS.map((own, i) => convolution(`conv${i + 1}`, UNITS[i - 1] ?? 3, own * PIECES, 3)),
    linear('fc', UNITS[2] * SIDE ** 2, CLASSES),
  ]),
  forward(weights, x, dropout) {
    const maps = UNITS.reduce((below, _, i) => units(weights, `conv${i + 1}`, below), x);
    const flat = flatten(maps);
    return connect(weights, 'fc', dropout === undefined ? flat : dropout(flat, 0));
  },
};

export const maxoutCifar10: TrainedNet = {
  id: 'maxout-cifar10',
  architecture,
  method: standard,
  seed: 0,
  options: { dropout: 0.3, learningRate: 0.02, epochs: 12, annealEpochs: 8, mirror: true },
};
