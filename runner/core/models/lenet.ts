/**
 * LeNet-5 as it is built today: two 5×5 convolutions without padding, each with ReLU and 2×2 max-pooling, and three fully connected
 * layers.
 *
 * Source: LeCun et al., "Gradient-Based Learning Applied to Document Recognition", Proceedings of the IEEE 1998,
 * https://doi.org/10.1109/5.726791, §II; ReLU and max-pooling take the place of tanh and of subsampling that learns, and filters are wider.
 */
import * as tf from '@tensorflow/tfjs';
import type { Architecture, Parameter } from './architecture.ts';

const KERNEL = 5;
const CLASSES = 10;

function parametersOf(
  [height, width, channels]: Architecture['inputShape'],
  filters: readonly [number, number],
  hidden: readonly [number, number],
): Parameter[] {
  const [first, second] = filters;
  const patch = KERNEL * KERNEL;
  const side = (length: number) => ((length - KERNEL + 1) / 2 - KERNEL + 1) / 2;
  const units = [Math.floor(side(height)) * Math.floor(side(width)) * second, ...hidden, CLASSES];
  return [
    {
      name: 'conv1.weight',
      shape: [KERNEL, KERNEL, channels, first],
      fan: { in: patch * channels, out: patch * first },
    },
    { name: 'conv1.bias', shape: [first], fan: null },
    { name: 'conv2.weight', shape: [KERNEL, KERNEL, first, second], fan: { in: patch * first, out: patch * second } },
    { name: 'conv2.bias', shape: [second], fan: null },
    ...units.slice(1).flatMap((outputs, i): Parameter[] => {
      const inputs = units[i] as number;
      return [
        { name: `fc${i + 1}.weight`, shape: [inputs, outputs], fan: { in: inputs, out: outputs } },
        { name: `fc${i + 1}.bias`, shape: [outputs], fan: null },
      ];
    }),
  ];
}

const forward: Architecture['forward'] = (weights, x, dropout) => {
  const weight = (name: string) => weights[name] as tf.Tensor;
  let maps = x;
  for (const layer of ['conv1', 'conv2']) {
    const filtered = tf.conv2d(maps, weight(`${layer}.weight`) as tf.Tensor4D, 1, 'valid');
    maps = tf.maxPool(tf.relu(tf.add(filtered, weight(`${layer}.bias`))) as tf.Tensor4D, 2, 2, 'valid');
  }
  let units = tf.reshape(maps, [maps.shape[0], -1]) as tf.Tensor2D;
  for (const [i, layer] of ['fc1', 'fc2'].entries()) {
    const sums = tf.add(tf.matMul(units, weight(`${layer}.weight`) as tf.Tensor2D), weight(`${layer}.bias`));
    units = tf.relu(sums) as tf.Tensor2D;
    if (dropout !== undefined) units = dropout(units, i);
  }
  return tf.add(tf.matMul(units, weight('fc3.weight') as tf.Tensor2D), weight('fc3.bias'));
};

function lenet(
  id: string,
  name: string,
  inputShape: Architecture['inputShape'],
  filters: readonly [number, number],
  hidden: readonly [number, number],
): Architecture {
  const parameters = parametersOf(inputShape, filters, hidden);
  return { id, name, paper: 'https://doi.org/10.1109/5.726791', inputShape, classes: CLASSES, parameters, forward };
}

export const lenetMnist = lenet('lenet-mnist', 'LeNet for MNIST', [28, 28, 1], [16, 32], [128, 84]);
export const lenetCifar10 = lenet('lenet-cifar10', 'LeNet for CIFAR-10', [32, 32, 3], [32, 64], [256, 128]);
