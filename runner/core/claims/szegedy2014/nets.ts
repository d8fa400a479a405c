/** The nets of the paper: linear ones under three weights of decay, two sigmoid nets, and a classifier on the codes of a sparse autoencoder. */
import * as tf from '@tensorflow/tfjs';
import type { Architecture } from '../../models/architecture.ts';
import { connect, flatten } from '../../models/forward.ts';
import { linear, plain, pytorch } from '../../models/pytorch.ts';
import { softmaxRegressionMnist } from '../../models/softmax-regression.ts';
import { standard } from '../../training/standard.ts';
import type { TrainedNet } from '../experiment.ts';
import { onCodes } from './autoencoder.ts';

const paper = 'https://arxiv.org/abs/1312.6199';
const PIXELS = 784;
const CLASSES = 10;

/** Fully connected layers with sigmoids between them. */
function sigmoidNet(hidden: readonly number[]): Architecture {
  const name = `FC${[...hidden, CLASSES].join('-')}`;
  const units = [PIXELS, ...hidden, CLASSES];
  return {
    id: `sigmoid-${hidden.join('-')}`,
    name,
    paper,
    inputShape: [28, 28, 1],
    classes: CLASSES,
    ...pytorch(units.slice(1).map((outputs, i) => linear(`fc${i + 1}`, units[i] as number, outputs))),
    forward(weights, x) {
      let values = flatten(x);
      for (const i of hidden.keys()) values = tf.sigmoid(connect(weights, `fc${i + 1}`, values));
      return connect(weights, `fc${units.length - 1}`, values);
    },
  };
}

/** Sigmoid codes of an image and a linear classifier on them; the decoder shares the encoder's weights, and no score depends on its bias. */
const autoencoder: Architecture = {
  id: 'autoencoder-400',
  name: 'AE400-10',
  paper,
  inputShape: [28, 28, 1],
  classes: CLASSES,
  ...pytorch([linear('encoder', PIXELS, 400), plain('decoder.bias', [PIXELS]), linear('fc', 400, CLASSES)]),
  forward: (weights, x) => connect(weights, 'fc', tf.sigmoid(connect(weights, 'encoder', flatten(x)))),
};

const adam = { optimiser: 'adam', learningRate: 0.003, batchSize: 300, dropout: 0, annealEpochs: 3 } as const;

/** The paper adds λ Σ w² / k to the loss, with k units in the layer; a recipe's penalty is half its weight times Σ w². */
const decayOf = (lambda: number, units: number) => (2 * lambda) / units;

const linearNet = (lambda: number, name: string): TrainedNet => ({
  id: `fc10-${name}`,
  architecture: softmaxRegressionMnist,
  method: standard,
  seed: 0,
  options: { ...adam, epochs: 5, weightDecay: decayOf(lambda, CLASSES) },
});

const sigmoid = (hidden: readonly number[], more: Partial<TrainedNet> = {}): TrainedNet => ({
  id: `fc${hidden.join('-')}-10`,
  architecture: sigmoidNet(hidden),
  method: standard,
  seed: 0,
  options: { ...adam, epochs: 12, weightDecay: decayOf(1e-5, hidden[0] as number) },
  ...more,
});

export const fc10Weak: TrainedNet = linearNet(1e-4, '1e-4');
export const fc10Middle: TrainedNet = linearNet(1e-2, '1e-2');
export const fc10Strong: TrainedNet = linearNet(1, '1');
export const fc100: TrainedNet = sigmoid([100, 100]);
export const fc200: TrainedNet = sigmoid([200, 200]);
export const ae400: TrainedNet = {
  id: 'ae400-10',
  architecture: autoencoder,
  method: onCodes,
  seed: 0,
  options: { ...adam, epochs: 6 },
};

/** Two architectures on the first half of the training images, and one of them on the second. */
const half = (net: TrainedNet, subset: string, id: string): TrainedNet => ({
  ...net,
  id,
  seed: subset === 'first-half' ? 0 : 1,
  options: { ...net.options, epochs: 16, subset },
});
export const fc100First: TrainedNet = half(fc100, 'first-half', 'fc100-100-10-first');
export const fc123First: TrainedNet = half(sigmoid([123, 456]), 'first-half', 'fc123-456-10-first');
export const fc100Second: TrainedNet = half(fc100, 'second-half', 'fc100-100-10-second');
