/**
 * Papernot's nets with k-winners-take-all in the place of ReLU: of all units of a layer the k largest stay as they are and the others
 * become 0. Which these are changes all the time on the way from one image to another, so that the scores jump and their gradients say
 * little of what lies a step away.
 *
 * Differentiated as it stands: 1 where a unit stays.
 *
 * Source: Xiao et al., "Enhancing Adversarial Defense by k-Winners-Take-All", ICLR 2020, https://arxiv.org/abs/1905.10510, §3; as in its
 * code (https://github.com/a554b554/kWTA-Activation), k is the tenth part of a layer's units, rounded down, over all channels, and units
 * as large as the k-th stay too. Pooling comes after.
 */
import * as tf from '@tensorflow/tfjs';
import { winners } from '../kernels/winners.ts';
import type { Architecture, NamedTensors } from './architecture.ts';
import { cifar10Widths, layers, mnistWidths, parametersOf, type Widths } from './papernot.ts';
import { type ConvolutionLayer, forwardThrough } from './sequential.ts';

/** Share of a layer's units that stay. */
const RATIO = 0.1;

const CLASSES = 10;

function kWinners(id: string, name: string, inputShape: Architecture['inputShape'], widths: Widths): Architecture {
  return {
    id,
    name,
    paper: 'https://arxiv.org/abs/1905.10510',
    inputShape,
    classes: CLASSES,
    parameters: parametersOf(inputShape, widths),
    forward: forwardThrough(layers, { convolved, activated }),
  };
}

function convolved(weights: NamedTensors, { name, pad, pool }: ConvolutionLayer, x: tf.Tensor4D): tf.Tensor4D {
  const sums = tf.conv2d(x, weights[`${name}.weight`] as tf.Tensor4D, 1, pad);
  const maps = activated(tf.add(sums, weights[`${name}.bias`] as tf.Tensor1D) as tf.Tensor4D);
  return pool ? tf.maxPool(maps, 2, 2, 'valid') : maps;
}

function activated<T extends tf.Tensor>(sums: T): T {
  const [batch = 0] = sums.shape;
  return winners(sums, Math.max(1, Math.floor((RATIO * sums.size) / batch)));
}

export const kWinnersMnist = kWinners(
  'papernot-kwta-mnist',
  'Papernot’s MNIST net with k-winners-take-all',
  [28, 28, 1],
  mnistWidths,
);
export const kWinnersCifar10 = kWinners(
  'papernot-kwta-cifar10',
  'Papernot’s CIFAR-10 net with k-winners-take-all',
  [32, 32, 3],
  cifar10Widths,
);
