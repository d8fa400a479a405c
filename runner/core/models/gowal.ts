/**
 * The small and the medium net of interval bound propagation: convolutions without padding, some of stride 2 in place of pooling, and
 * fully connected layers, ReLU between all. Few and narrow layers keep the intervals tight.
 *
 * Source: Gowal et al., "On the Effectiveness of Interval Bound Propagation for Training Verifiably Robust Models", 2018,
 * https://arxiv.org/abs/1810.12715, table 1.
 */
import type { Architecture } from './architecture.ts';
import { convolution, linear, pytorch } from './pytorch.ts';
import { type SequentialLayer, sequential } from './sequential.ts';

const CLASSES = 10;

type Convolution = readonly [filters: number, kernel: number, stride: 1 | 2];

function gowal(
  id: string,
  name: string,
  inputShape: Architecture['inputShape'],
  convolutions: readonly Convolution[],
  hidden: readonly number[],
): Architecture {
  let [height, width, channels] = inputShape;
  const weights = convolutions.map(([filters, kernel, stride], i) => {
    const layer = convolution(`conv${i + 1}`, channels, filters, kernel);
    const after = (side: number) => Math.floor((side - kernel) / stride) + 1;
    [height, width, channels] = [after(height), after(width), filters];
    return layer;
  });
  const units = [height * width * channels, ...hidden, CLASSES];
  const connections = units.slice(1).map((outputs, i) => {
    const maps = i === 0 ? ([height, width, channels] as const) : undefined;
    return linear(`fc${i + 1}`, units[i] as number, outputs, maps);
  });
  const layers: SequentialLayer[] = [
    ...convolutions.map(([, , stride], i): SequentialLayer => {
      return { kind: 'convolution', name: `conv${i + 1}`, pad: 'valid', ...(stride === 2 && { stride }) };
    }),
    ...connections.map((_, i): SequentialLayer => {
      return { kind: 'linear', name: `fc${i + 1}`, ...(i < hidden.length && { relu: true, dropped: true }) };
    }),
  ];
  return {
    id,
    name,
    paper: 'https://arxiv.org/abs/1810.12715',
    inputShape,
    classes: CLASSES,
    ...pytorch([...weights, ...connections]),
    ...sequential(layers),
  };
}

const small: readonly Convolution[] = [
  [16, 4, 2],
  [32, 4, 1],
];
const medium: readonly Convolution[] = [
  [32, 3, 1],
  [32, 4, 2],
  [64, 3, 1],
  [64, 4, 2],
];
const mnist = [28, 28, 1] as const;
const cifar10 = [32, 32, 3] as const;

export const gowalSmallMnist = gowal('gowal-small-mnist', 'Small net of IBP for MNIST', mnist, small, [100]);
export const gowalSmallCifar10 = gowal('gowal-small-cifar10', 'Small net of IBP for CIFAR-10', cifar10, small, [100]);
export const gowalMediumMnist = gowal('gowal-medium-mnist', 'Medium net of IBP for MNIST', mnist, medium, [512, 512]);
export const gowalMediumCifar10 = gowal(
  'gowal-medium-cifar10',
  'Medium net of IBP for CIFAR-10',
  cifar10,
  medium,
  [512, 512],
);
