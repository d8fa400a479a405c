import * as tf from '@tensorflow/tfjs';
import type { Architecture } from '../../models/architecture.ts';
import { maxoutMnist } from '../../models/maxout.ts';

/** The maxout net with a sigmoid for each class in the place of the softmax; its scores are the logarithms of what they say. */
export const sigmoidMaxout: Architecture = {
  ...maxoutMnist,
  id: 'maxout-mnist-sigmoids',
  // Not tf.logSigmoid: its gradient asks for a tensor that is disposed of by then.
  forward: (weights, x, dropout) => tf.neg(tf.softplus(tf.neg(maxoutMnist.forward(weights, x, dropout)))),
};
