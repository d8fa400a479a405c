/**
 * FC200-200-10: two fully connected layers of 200 units on the pixels of MNIST.
 *
 * Source: Szegedy et al., "Intriguing properties of neural networks", ICLR 2014, https://arxiv.org/abs/1312.6199, table 1; ReLU takes the
 * place of its logistic units.
 */
import * as tf from '@tensorflow/tfjs';
import type { Architecture, Parameter } from './architecture.ts';

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
  forward(weights, x, dropout) {
    const weight = (name: string) => weights[name] as tf.Tensor;
    let values = tf.reshape(x, [x.shape[0], 784]) as tf.Tensor2D;
    for (const [i, layer] of ['fc1', 'fc2'].entries()) {
      const sums = tf.add(tf.matMul(values, weight(`${layer}.weight`) as tf.Tensor2D), weight(`${layer}.bias`));
      values = tf.relu(sums) as tf.Tensor2D;
      if (dropout !== undefined) values = dropout(values, i);
    }
    return tf.add(tf.matMul(values, weight('fc3.weight') as tf.Tensor2D), weight('fc3.bias'));
  },
};
