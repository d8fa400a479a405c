/**
 * ResNet-18 for 32×32 images: a 3×3 convolution, eight residual blocks of two 3×3 convolutions with batch normalisation and ReLU, the
 * mean of each map, one fully connected layer.
 *
 * Source: He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, https://arxiv.org/abs/1512.03385, table 1, in the form
 * and under the names of https://github.com/kuangliu/pytorch-cifar, which RobustBench shares; torchvision's names are understood too.
 */
import * as tf from '@tensorflow/tfjs';
import type { Architecture, NamedTensors } from './architecture.ts';
import { connect, convolve, convolveRelu, poolGlobally } from './forward.ts';
import { convolution, type Layer, linear, pytorch } from './pytorch.ts';
import { type Block, blocksOf } from './residual-blocks.ts';

const CLASSES = 10;
const WIDTH = 64;

const blocks = blocksOf(WIDTH);

function layersOf({ name, inputs, outputs, stride }: Block): Layer[] {
  const options = (norm: string) => ({ bias: false, norm: `${name}.${norm}` });
  const changes = stride !== 1 || inputs !== outputs;
  return [
    convolution(`${name}.conv1`, inputs, outputs, 3, options('bn1')),
    convolution(`${name}.conv2`, outputs, outputs, 3, options('bn2')),
    ...(changes ? [convolution(`${name}.shortcut.0`, inputs, outputs, 1, options('shortcut.1'))] : []),
  ];
}

function residual(weights: NamedTensors, { name, stride }: Block, x: tf.Tensor4D): tf.Tensor4D {
  const inner = convolve(weights, `${name}.conv2`, convolveRelu(weights, `${name}.conv1`, x, stride));
  const shortcut = `${name}.shortcut.0`;
  const around = `${shortcut}.weight` in weights ? convolve(weights, shortcut, x, stride) : x;
  return tf.relu(tf.add(inner, around)) as tf.Tensor4D;
}

export const resnet18Cifar10: Architecture = {
  id: 'resnet-18-cifar10',
  name: 'ResNet-18 for CIFAR-10',
  paper: 'https://arxiv.org/abs/1512.03385',
  inputShape: [32, 32, 3],
  classes: CLASSES,
  ...pytorch(
    [
      convolution('conv1', 3, WIDTH, 3, { bias: false, norm: 'bn1' }),
      ...blocks.flatMap(layersOf),
      linear('linear', 8 * WIDTH, CLASSES),
    ],
    (name) => name.replace('.downsample.', '.shortcut.').replace(/^fc\./, 'linear.'),
  ),
  forward(weights, x) {
    let maps = convolveRelu(weights, 'conv1', x);
    for (const block of blocks) maps = residual(weights, block, maps);
    return connect(weights, 'linear', poolGlobally(maps));
  },
};
