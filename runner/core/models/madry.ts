/**
 * Madry’s MNIST net: two 5×5 convolutions, each with ReLU and 2×2 max-pooling, and two fully connected layers.
 *
 * Source: Madry et al., "Towards Deep Learning Models Resistant to Adversarial Attacks", ICLR 2018,
 * https://arxiv.org/abs/1706.06083, as in https://github.com/MadryLab/mnist_challenge, model.py: zeros around the maps keep their size.
 */
import type { Architecture } from './architecture.ts';
import { convolution, linear, pytorch } from './pytorch.ts';
import { sequential } from './sequential.ts';

const CLASSES = 10;

export const madryMnist: Architecture = {
  id: 'madry-mnist',
  name: 'Madry’s MNIST net',
  paper: 'https://arxiv.org/abs/1706.06083',
  inputShape: [28, 28, 1],
  classes: CLASSES,
  ...pytorch([
    convolution('conv1', 1, 32, 5),
    convolution('conv2', 32, 64, 5),
    linear('fc1', 7 * 7 * 64, 1024, [7, 7, 64]),
    linear('fc2', 1024, CLASSES),
  ]),
  ...sequential([
    { kind: 'convolution', name: 'conv1', pad: 'same', pool: true },
    { kind: 'convolution', name: 'conv2', pad: 'same', pool: true },
    { kind: 'linear', name: 'fc1', relu: true, dropped: true },
    { kind: 'linear', name: 'fc2' },
  ]),
};
