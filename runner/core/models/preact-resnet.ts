/**
 * PreActResNet-18 for 32×32 images: a ResNet-18 whose blocks normalise and activate before each convolution.
 *
 * Source: He et al., "Identity Mappings in Deep Residual Networks", ECCV 2016, https://arxiv.org/abs/1603.05027, in the form and under the
 * names of https://github.com/kuangliu/pytorch-cifar: where a block changes the number of channels, its 1×1 convolution works on what the
 * first ReLU gives. The second form ends in a normalisation and ReLU before the mean of each map, as in Rice et al., "Overfitting in
 * adversarially robust deep learning", ICML 2020, https://arxiv.org/abs/2002.11569.
 */
import * as tf from '@tensorflow/tfjs';
import type { Architecture, NamedTensors } from './architecture.ts';
import { connect, convolve, convolveRelu, normaliseRelu, poolGlobally } from './forward.ts';
import { batchNorm, convolution, type Layer, linear, pytorch } from './pytorch.ts';
import { type Block, blocksOf } from './residual-blocks.ts';

const CLASSES = 10;
const WIDTH = 64;

const blocks = blocksOf(WIDTH);

function layersOf({ name, inputs, outputs, stride }: Block): Layer[] {
  const changes = stride !== 1 || inputs !== outputs;
  return [
    batchNorm(`${name}.bn1`, inputs),
    convolution(`${name}.conv1`, inputs, outputs, 3, { bias: false, norm: `${name}.bn2` }),
    convolution(`${name}.conv2`, outputs, outputs, 3, { bias: false }),
    ...(changes ? [convolution(`${name}.shortcut.0`, inputs, outputs, 1, { bias: false })] : []),
  ];
}

function residual(weights: NamedTensors, { name, stride }: Block, x: tf.Tensor4D): tf.Tensor4D {
  const active = normaliseRelu(weights, `${name}.bn1`, x);
  const inner = convolve(weights, `${name}.conv2`, convolveRelu(weights, `${name}.conv1`, active, stride));
  const shortcut = `${name}.shortcut.0`;
  return tf.add(inner, `${shortcut}.weight` in weights ? convolve(weights, shortcut, active, stride) : x);
}

function preActResnet18(id: string, name: string, paper: string, lastNorm: boolean): Architecture {
  return {
    id,
    name,
    paper,
    inputShape: [32, 32, 3],
    classes: CLASSES,
    ...pytorch([
      convolution('conv1', 3, WIDTH, 3, { bias: false }),
      ...blocks.flatMap(layersOf),
      ...(lastNorm ? [batchNorm('bn', 8 * WIDTH)] : []),
      linear('linear', 8 * WIDTH, CLASSES),
    ]),
    forward(weights, x) {
      let maps = convolve(weights, 'conv1', x);
      for (const block of blocks) maps = residual(weights, block, maps);
      if (lastNorm) maps = normaliseRelu(weights, 'bn', maps);
      return connect(weights, 'linear', poolGlobally(maps));
    },
  };
}

export const preActResnet18Cifar10 = preActResnet18(
  'preact-resnet-18-cifar10',
  'PreActResNet-18 for CIFAR-10',
  'https://arxiv.org/abs/1603.05027',
  false,
);

export const preActResnet18NormCifar10 = preActResnet18(
  'preact-resnet-18-bn-cifar10',
  'PreActResNet-18 with a last normalisation, for CIFAR-10',
  'https://arxiv.org/abs/2002.11569',
  true,
);
