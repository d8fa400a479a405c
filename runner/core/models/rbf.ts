/**
 * A shallow net of radial basis functions: p_k = exp(−Σ_i β_ki (x_i − μ_ki)²), one unit per class with a centre μ and a precision β
 * for every pixel. The scores are the logarithms of p, so that the largest is the same and gradients do not vanish far from all centres.
 *
 * Source: Goodfellow et al., "Explaining and Harnessing Adversarial Examples", ICLR 2015, https://arxiv.org/abs/1412.6572, §8; β is
 * diagonal here.
 */
import * as tf from '@tensorflow/tfjs';
import type { Architecture } from './architecture.ts';
import { flatten } from './forward.ts';
import { plain, pytorch } from './pytorch.ts';

const CLASSES = 10;
const PIXELS = 784;

export const rbfMnist: Architecture = {
  id: 'rbf-mnist',
  name: 'Shallow RBF net for MNIST',
  paper: 'https://arxiv.org/abs/1412.6572',
  inputShape: [28, 28, 1],
  classes: CLASSES,
  undropped: true,
  // Centres start at black and a precision of 1 / 100 keeps the first scores near 1.
  ...pytorch([plain('centers', [CLASSES, PIXELS]), plain('precisions', [CLASSES, PIXELS], 0.01)]),
  forward(weights, x) {
    const distances = tf.sub(tf.expandDims(flatten(x), 1), weights.centers as tf.Tensor2D);
    return tf.neg(tf.sum(tf.mul(tf.square(distances), weights.precisions as tf.Tensor2D), 2)) as tf.Tensor2D;
  },
};
