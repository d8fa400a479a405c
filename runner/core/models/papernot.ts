/**
 * The two nets of defensive distillation: four 3×3 convolutions with two 2×2 max-pools, two fully connected layers, ReLU.
 *
 * Source: Papernot et al., "Distillation as a Defense to Adversarial Perturbations against Deep Neural Networks",
 * S&P 2016, https://arxiv.org/abs/1511.04508, table I. The paper leaves the padding open; without padding (VALID) they have
 * 312,202 and 1,147,978 parameters. Dropout is on the two fully connected layers.
 */
import type { Architecture, Parameter } from './architecture.ts';
import { type SequentialLayer, sequential } from './sequential.ts';

/** Outputs of the convolutions and of the fully connected layers between. */
export interface Widths {
  readonly convolutions: readonly [number, number, number, number];
  readonly hidden: readonly [number, number];
}

const KERNEL = 3;
const CLASSES = 10;

/** @param image [height, width, channels] of what the first convolution sees */
export function parametersOf(image: Architecture['inputShape'], { convolutions, hidden }: Widths): Parameter[] {
  const parameters: Parameter[] = [];
  let [height, width, channels] = image;
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

export const layers: readonly SequentialLayer[] = [
  { kind: 'convolution', name: 'conv1', pad: 'valid' },
  { kind: 'convolution', name: 'conv2', pad: 'valid', pool: true },
  { kind: 'convolution', name: 'conv3', pad: 'valid' },
  { kind: 'convolution', name: 'conv4', pad: 'valid', pool: true },
  { kind: 'linear', name: 'fc1', relu: true, dropped: true },
  { kind: 'linear', name: 'fc2', relu: true, dropped: true },
  { kind: 'linear', name: 'fc3' },
];

function papernot(id: string, name: string, inputShape: Architecture['inputShape'], widths: Widths): Architecture {
  const parameters = parametersOf(inputShape, widths);
  return {
    id,
    name,
    paper: 'https://arxiv.org/abs/1511.04508',
    inputShape,
    classes: CLASSES,
    parameters,
    ...sequential(layers),
  };
}

export const mnistWidths: Widths = { convolutions: [32, 32, 64, 64], hidden: [200, 200] };
export const cifar10Widths: Widths = { convolutions: [64, 64, 128, 128], hidden: [256, 256] };

export const papernotMnist = papernot('papernot-mnist', 'Papernot’s MNIST net', [28, 28, 1], mnistWidths);
export const papernotCifar10 = papernot('papernot-cifar10', 'Papernot’s CIFAR-10 net', [32, 32, 3], cifar10Widths);
