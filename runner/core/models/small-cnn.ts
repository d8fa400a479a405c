/**
 * SmallCNN, the MNIST net of TRADES: four 3×3 convolutions without padding, with 2×2 max-pooling after the second and the fourth,
 * and three fully connected layers, ReLU between all. The same net as Papernot's, under the names of its PyTorch files.
 *
 * Source: Zhang et al., "Theoretically Principled Trade-off between Robustness and Accuracy", ICML 2019,
 * https://arxiv.org/abs/1901.08573, as in https://github.com/yaodongyu/TRADES, models/small_cnn.py.
 */
import type { Architecture } from './architecture.ts';
import { convolution, linear, pytorch } from './pytorch.ts';
import { sequential } from './sequential.ts';

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
  ...sequential([
    { kind: 'convolution', name: `${FEATURES}.conv1`, pad: 'valid' },
    { kind: 'convolution', name: `${FEATURES}.conv2`, pad: 'valid', pool: true },
    { kind: 'convolution', name: `${FEATURES}.conv3`, pad: 'valid' },
    { kind: 'convolution', name: `${FEATURES}.conv4`, pad: 'valid', pool: true },
    // Its authors drop units here only.
    { kind: 'linear', name: `${CLASSIFIER}.fc1`, relu: true, dropped: true },
    { kind: 'linear', name: `${CLASSIFIER}.fc2`, relu: true },
    { kind: 'linear', name: `${CLASSIFIER}.fc3` },
  ]),
};
