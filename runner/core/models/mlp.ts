/**
 * Multilayer perceptron: fully connected layers with ReLU, on the pixels.
 *
 * Source of the widths: Hinton et al., "Distilling the Knowledge in a Neural Network", 2015, https://arxiv.org/abs/1503.02531, §3.
 */
import * as tf from '@tensorflow/tfjs';
import type { Architecture } from './architecture.ts';
import { connect, flatten } from './forward.ts';
import { linear, pytorch } from './pytorch.ts';

const CLASSES = 10;

/** @param hidden units of each hidden layer, first to last; the layers are fc1, fc2, … */
export function mlp(
  id: string,
  name: string,
  inputShape: Architecture['inputShape'],
  hidden: readonly number[],
): Architecture {
  const [height, width, channels] = inputShape;
  const units = [height * width * channels, ...hidden, CLASSES];
  const layers = units
    .slice(1)
    .map((outputs, i) => linear(`fc${i + 1}`, units[i] as number, outputs, i === 0 ? inputShape : undefined));
  return {
    id,
    name,
    paper: 'https://arxiv.org/abs/1503.02531',
    inputShape,
    classes: CLASSES,
    ...pytorch(layers),
    forward(weights, x, dropout) {
      let values = flatten(x);
      for (const i of hidden.keys()) {
        values = tf.relu(connect(weights, `fc${i + 1}`, values));
        if (dropout !== undefined) values = dropout(values, i);
      }
      return connect(weights, `fc${layers.length}`, values);
    },
  };
}

export const mlpMnist = mlp('mlp-mnist', 'MLP 1200-1200 for MNIST', [28, 28, 1], [1200, 1200]);
