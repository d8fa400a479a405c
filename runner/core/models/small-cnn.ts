/**
 * SmallCNN, the MNIST net of TRADES: four 3×3 convolutions without padding, with 2×2 max-pooling after the second and the fourth,
 * and three fully connected layers, ReLU between all. The same net as Papernot's, under the names of its PyTorch files.
 *
 * Source: Zhang et al., "Theoretically Principled Trade-off between Robustness and Accuracy", ICML 2019,
 * https://arxiv.org/abs/1901.08573, as in https://github.com/yaodongyu/TRADES, models/small_cnn.py.
 */
import * as tf from '@tensorflow/tfjs';
import { convolutionRelu } from '../kernels/convolution-relu.ts';
import { convolutionReluPool } from '../kernels/convolution-relu-pool.ts';
import type { Architecture } from './architecture.ts';
import { connect, flatten } from './forward.ts';
import { convolution, linear, pytorch } from './pytorch.ts';

const CLASSES = 10;
const FEATURES = 'feature_extractor';
const CLASSIFIER = 'classifier';

export const smallCnnMnist: Architecture = {
  id: 'small-cnn-mnist',
  name: 'SmallCNN of TRADES',
  paper: 'https://arxiv.org/abs/1901.08573',
  inputShape: [28, 28, 1],
  classes: CLASSES,
  ...pytorch([
    convolution(`${FEATURES}.conv1`, 1, 32, 3),
    convolution(`${FEATURES}.conv2`, 32, 32, 3),
    convolution(`${FEATURES}.conv3`, 32, 64, 3),
    convolution(`${FEATURES}.conv4`, 64, 64, 3),
    linear(`${CLASSIFIER}.fc1`, 4 * 4 * 64, 200, [4, 4, 64]),
    linear(`${CLASSIFIER}.fc2`, 200, 200),
    linear(`${CLASSIFIER}.fc3`, 200, CLASSES),
  ]),
  forward(weights, x, dropout) {
    let maps = x;
    for (const i of [1, 2, 3, 4]) {
      const filter = weights[`${FEATURES}.conv${i}.weight`] as tf.Tensor4D;
      const bias = weights[`${FEATURES}.conv${i}.bias`] as tf.Tensor1D;
      maps = (i % 2 === 0 ? convolutionReluPool : convolutionRelu)(maps, filter, bias, 'valid');
    }
    let units = tf.relu(connect(weights, `${CLASSIFIER}.fc1`, flatten(maps)));
    // Its authors drop units here only.
    if (dropout !== undefined) units = dropout(units, 0);
    units = tf.relu(connect(weights, `${CLASSIFIER}.fc2`, units));
    return connect(weights, `${CLASSIFIER}.fc3`, units);
  },
};
