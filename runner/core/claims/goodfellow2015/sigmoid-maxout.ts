import * as tf from '@tensorflow/tfjs';
import type { Architecture } from '../../models/architecture.ts';
import { maxoutMnist } from '../../models/maxout.ts';

/** The maxout net with a sigmoid for each class in the place of the softmax; its scores are the logarithms of what they say. */
export const sigmoidMaxout: Architecture = {
  ...maxoutMnist,
  id: 'maxout-mnist-sigmoids',
  forward: (weights, x, dropout) => tf.logSigmoid(maxoutMnist.forward(weights, x, dropout)) as tf.Tensor2D,
};
