/**
 * The two nets of defensive distillation: four 3×3 convolutions with two 2×2 max-pools, two fully connected layers, ReLU.
 *
 * Source: Papernot et al., "Distillation as a Defense to Adversarial Perturbations against Deep Neural Networks",
 * S&P 2016, https://arxiv.org/abs/1511.04508, table I. The paper leaves the padding open; without padding (VALID) they have
 * 312,202 and 1,147,978 parameters. Dropout is on the two fully connected layers.
 */
import * as tf from '@tensorflow/tfjs';
import { convolutionRelu } from '../kernels/convolution-relu.ts';
import { convolutionReluPool } from '../kernels/convolution-relu-pool.ts';
import type { Architecture, Parameter } from './architecture.ts';

interface Widths {
  readonly convolutions: readonly [number, number, number, number];
  readonly hidden: readonly [number, number];
}

const KERNEL = 3;
const CLASSES = 10;

function parametersOf(inputShape: Architecture['inputShape'], { convolutions, hidden }: Widths): Parameter[] {
  const parameters: Parameter[] = [];
  let [height, width, channels] = inputShape;
  for (const [i, filters] of convolutions.entries()) {
    const patch = KERNEL * KERNEL;
    parameters.push(
      {
        name: `conv${i + 1}.weight`,
        shape: [KERNEL, KERNEL, channels, filters],
        fan: { in: patch * channels, out: patch * filters },
      },
      { name: `conv${i + 1}.bias`, shape: [filters], fan: null },
    );
    channels = filters;
    const pooled = i % 2 === 1 ? 2 : 1;
    height = Math.floor((height - KERNEL + 1) / pooled);
    width = Math.floor((width - KERNEL + 1) / pooled);
  }
  let inputs = height * width * channels;
  for (const [i, outputs] of [...hidden, CLASSES].entries()) {
    parameters.push(
      { name: `fc${i + 1}.weight`, shape: [inputs, outputs], fan: { in: inputs, out: outputs } },
      { name: `fc${i + 1}.bias`, shape: [outputs], fan: null },
    );
    inputs = outputs;
  }
  return parameters;
}

const forward: Architecture['forward'] = (weights, x, dropout) => {
  const weight = (name: string) => weights[name] as tf.Tensor;
  let maps = x;
  for (let i = 1; i <= 4; i++) {
    const filter = weight(`conv${i}.weight`) as tf.Tensor4D;
    const layer = i % 2 === 0 ? convolutionReluPool : convolutionRelu;
    maps = layer(maps, filter, weight(`conv${i}.bias`) as tf.Tensor1D, 'valid');
  }
  let units = tf.reshape(maps, [maps.shape[0], -1]) as tf.Tensor2D;
  for (let i = 1; i <= 2; i++) {
    units = tf.relu(
      tf.add(tf.matMul(units, weight(`fc${i}.weight`) as tf.Tensor2D), weight(`fc${i}.bias`)),
    ) as tf.Tensor2D;
    if (dropout !== undefined) units = dropout(units, i - 1);
  }
  return tf.add(tf.matMul(units, weight('fc3.weight') as tf.Tensor2D), weight('fc3.bias'));
};

function papernot(id: string, name: string, inputShape: Architecture['inputShape'], widths: Widths): Architecture {
  const parameters = parametersOf(inputShape, widths);
  return { id, name, paper: 'https://arxiv.org/abs/1511.04508', inputShape, classes: CLASSES, parameters, forward };
}

export const papernotMnist = papernot('papernot-mnist', 'Papernot’s MNIST net', [28, 28, 1], {
  convolutions: [32, 32, 64, 64],
  hidden: [200, 200],
});

export const papernotCifar10 = papernot('papernot-cifar10', 'Papernot’s CIFAR-10 net', [32, 32, 3], {
  convolutions: [64, 64, 128, 128],
  hidden: [256, 256],
});
