/**
 * FC200-200-10: two fully connected layers of 200 units on the pixels of MNIST.
 *
 * Source: Szegedy et al., "Intriguing properties of neural networks", ICLR 2014, https://arxiv.org/abs/1312.6199, table 1; ReLU takes the
 * place of its logistic units.
 */
import type { Architecture, Parameter } from './architecture.ts';
import { sequential } from './sequential.ts';

const units = [784, 200, 200, 10];

export const fullyConnectedMnist: Architecture = {
  id: 'fc-mnist',
  name: 'FC200-200-10',
  paper: 'https://arxiv.org/abs/1312.6199',
  inputShape: [28, 28, 1],
  classes: 10,
  parameters: units.slice(1).flatMap((outputs, i): Parameter[] => {
    const inputs = units[i] as number;
    return [
      { name: `fc${i + 1}.weight`, shape: [inputs, outputs], fan: { in: inputs, out: outputs } },
      { name: `fc${i + 1}.bias`, shape: [outputs], fan: null },
    ];
  }),
  ...sequential([
    { kind: 'linear', name: 'fc1', relu: true, dropped: true },
    { kind: 'linear', name: 'fc2', relu: true, dropped: true },
    { kind: 'linear', name: 'fc3' },
  ]),
};
