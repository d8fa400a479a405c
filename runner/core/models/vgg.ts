/**
 * VGG-16 with batch normalisation, for 32×32 images: thirteen 3×3 convolutions, 2×2 max-pooling after the second, the fourth and then
 * every third, and one fully connected layer on the 512 values that are left.
 *
 * Source: Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", ICLR 2015,
 * https://arxiv.org/abs/1409.1556, table 1, column D, in the form and under the names of https://github.com/kuangliu/pytorch-cifar.
 */
import type * as tf from '@tensorflow/tfjs';
import { convolutionReluPool } from '../kernels/convolution-relu-pool.ts';
import type { Architecture } from './architecture.ts';
import { connect, convolveRelu, flatten } from './forward.ts';
import { convolution, linear, pytorch } from './pytorch.ts';

const CLASSES = 10;
const STAGES = [
  [64, 64],
  [128, 128],
  [256, 256, 256],
  [512, 512, 512],
  [512, 512, 512],
] as const;

interface Step {
  readonly name: string;
  readonly norm: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly pooled: boolean;
}

/** `features` counts convolution, normalisation, ReLU and pooling one by one. */
function stepsOf(): Step[] {
  const steps: Step[] = [];
  let index = 0;
  let inputs = 3;
  for (const widths of STAGES) {
    for (const [i, outputs] of widths.entries()) {
      const pooled = i === widths.length - 1;
      steps.push({ name: `features.${index}`, norm: `features.${index + 1}`, inputs, outputs, pooled });
      index += pooled ? 4 : 3;
      inputs = outputs;
    }
  }
  return steps;
}

const steps = stepsOf();

export const vgg16Cifar10: Architecture = {
  id: 'vgg-16-cifar10',
  name: 'VGG-16 with batch normalisation for CIFAR-10',
  paper: 'https://arxiv.org/abs/1409.1556',
  inputShape: [32, 32, 3],
  classes: CLASSES,
  ...pytorch([
    ...steps.map(({ name, norm, inputs, outputs }) => convolution(name, inputs, outputs, 3, { norm })),
    linear('classifier', 512, CLASSES),
  ]),
  forward(weights, x) {
    let maps = x;
    for (const { name, pooled } of steps) {
      const [filter, bias] = [weights[`${name}.weight`] as tf.Tensor4D, weights[`${name}.bias`] as tf.Tensor1D];
      maps = pooled ? convolutionReluPool(maps, filter, bias, 'same') : convolveRelu(weights, name, maps);
    }
    return connect(weights, 'classifier', flatten(maps));
  },
};
