/**
 * The maxout net on which adversarial training was first shown: two layers of units that each are the largest of five linear pieces.
 *
 * Source: Goodfellow et al., "Explaining and Harnessing Adversarial Examples", ICLR 2015, https://arxiv.org/abs/1412.6572, §6 (240 units
 * per layer), after Goodfellow et al., "Maxout Networks", ICML 2013, https://arxiv.org/abs/1302.4389, §5.1 (five pieces).
 */
import * as tf from '@tensorflow/tfjs';
import type { Architecture } from './architecture.ts';
import { connect, flatten } from './forward.ts';
import { linear, pytorch } from './pytorch.ts';

const CLASSES = 10;
const UNITS = 240;
const PIECES = 5;

export const maxoutMnist: Architecture = {
  id: 'maxout-mnist',
  name: 'Maxout net for MNIST',
  paper: 'https://arxiv.org/abs/1412.6572',
  inputShape: [28, 28, 1],
  classes: CLASSES,
  ...pytorch([linear('fc1', 784, UNITS * PIECES), linear('fc2', UNITS, UNITS * PIECES), linear('fc3', UNITS, CLASSES)]),
  forward(weights, x, dropout) {
    let units = flatten(x);
    for (const [i, layer] of ['fc1', 'fc2'].entries()) {
      // The pieces of a unit lie side by side.
      const pieces = tf.reshape(connect(weights, layer, units), [-1, UNITS, PIECES]);
      units = tf.max(pieces, 2) as tf.Tensor2D;
      if (dropout !== undefined) units = dropout(units, i);
    }
    return connect(weights, 'fc3', units);
  },
};
