/**
 * Multilayer perceptron: fully connected layers with ReLU, on the pixels.
 *
 * Source of the widths: Hinton et al., "Distilling the Knowledge in a Neural Network", 2015, https://arxiv.org/abs/1503.02531, §3.
 */
import type { Architecture } from './architecture.ts';
import { linear, pytorch } from './pytorch.ts';
import { type SequentialLayer, sequential } from './sequential.ts';

const CLASSES = 10;

/** @param hidden units of each hidden layer, first to last; the layers are fc1, fc2, … */
export function mlp(
  id: string,
  name: string,
  inputShape: Architecture['inputShape'],
  hidden: readonly number[],
): Architecture {
  const [height, width, channels] = inputShape;
  const units = [height * width * channels, ...hidden, CLASSES];
  const layers = units
    .slice(1)
    .map((outputs, i) => linear(`fc${i + 1}`, units[i] as number, outputs, i === 0 ? inputShape : undefined));
  return {
    id,
    name,
    paper: 'https://arxiv.org/abs/1503.02531',
    inputShape,
    classes: CLASSES,
    ...pytorch(layers),
    ...sequential(
      layers.map((_, i): SequentialLayer => {
        return { kind: 'linear', name: `fc${i + 1}`, ...(i < hidden.length && { relu: true, dropped: true }) };
      }),
    ),
  };
}

export const mlpMnist = mlp('mlp-mnist', 'MLP 1200-1200 for MNIST', [28, 28, 1], [1200, 1200]);
