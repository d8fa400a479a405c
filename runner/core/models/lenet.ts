/**
 * LeNet-5 as it is built today: two 5×5 convolutions without padding, each with ReLU and 2×2 max-pooling, and three fully connected
 * layers.
 *
 * Source: LeCun et al., "Gradient-Based Learning Applied to Document Recognition", Proceedings of the IEEE 1998,
 * https://doi.org/10.1109/5.726791, §II; ReLU and max-pooling take the place of tanh and of subsampling that learns, and filters are wider.
 */
import type { Architecture, Parameter } from './architecture.ts';
import { type SequentialLayer, sequential } from './sequential.ts';

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

const layers: readonly SequentialLayer[] = [
  { kind: 'convolution', name: 'conv1', pad: 'valid', pool: true },
  { kind: 'convolution', name: 'conv2', pad: 'valid', pool: true },
  { kind: 'linear', name: 'fc1', relu: true, dropped: true },
  { kind: 'linear', name: 'fc2', relu: true, dropped: true },
  { kind: 'linear', name: 'fc3' },
];

function lenet(
  id: string,
  name: string,
  inputShape: Architecture['inputShape'],
  filters: readonly [number, number],
  hidden: readonly [number, number],
): Architecture {
  const parameters = parametersOf(inputShape, filters, hidden);
  return {
    id,
    name,
    paper: 'https://doi.org/10.1109/5.726791',
    inputShape,
    classes: CLASSES,
    parameters,
    ...sequential(layers),
  };
}

export const lenetMnist = lenet('lenet-mnist', 'LeNet for MNIST', [28, 28, 1], [16, 32], [128, 84]);
export const lenetCifar10 = lenet('lenet-cifar10', 'LeNet for CIFAR-10', [32, 32, 3], [32, 64], [256, 128]);
