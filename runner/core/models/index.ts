import * as tf from '@tensorflow/tfjs';
import { didYouMean } from '../closest.ts';
import { ParapetError } from '../errors.ts';
import { type Architecture, opened } from './architecture.ts';
import type { Classifier } from './classifier.ts';
import { fullyConnectedMnist } from './fully-connected.ts';
import { gowalMediumCifar10, gowalMediumMnist, gowalSmallCifar10, gowalSmallMnist } from './gowal.ts';
import { kWinnersCifar10, kWinnersMnist } from './k-winners.ts';
import { lenetCifar10, lenetMnist } from './lenet.ts';
import { madryMnist } from './madry.ts';
import { maxoutMnist } from './maxout.ts';
import { mlpMnist } from './mlp.ts';
import { papernotCifar10, papernotMnist } from './papernot.ts';
import { preActResnet18Cifar10, preActResnet18NormCifar10 } from './preact-resnet.ts';
import { rbfMnist } from './rbf.ts';
import { resnet18Cifar10 } from './resnet.ts';
import { smallCnnMnist } from './small-cnn.ts';
import { softmaxRegressionCifar10, softmaxRegressionMnist } from './softmax-regression.ts';
import { thermometerCifar10, thermometerMnist } from './thermometer.ts';
import { vgg16Cifar10 } from './vgg.ts';
import { vitTinyCifar10 } from './vit.ts';
import { decodeWeights } from './weights.ts';
import { wideResnet2810Cifar10 } from './wide-resnet.ts';

/** Every architecture that a submission may name. */
export const architectures: readonly Architecture[] = [
  papernotMnist,
  papernotCifar10,
  kWinnersMnist,
  kWinnersCifar10,
  thermometerMnist,
  thermometerCifar10,
  lenetMnist,
  lenetCifar10,
  fullyConnectedMnist,
  softmaxRegressionMnist,
  softmaxRegressionCifar10,
  mlpMnist,
  maxoutMnist,
  rbfMnist,
  madryMnist,
  smallCnnMnist,
  gowalSmallMnist,
  gowalSmallCifar10,
  gowalMediumMnist,
  gowalMediumCifar10,
  resnet18Cifar10,
  preActResnet18Cifar10,
  preActResnet18NormCifar10,
  wideResnet2810Cifar10,
  vgg16Cifar10,
  vitTinyCifar10,
];

/** @throws ParapetError 'submission' that lists the architectures there are */
export function findArchitecture(id: string): Architecture {
  const architecture = architectures.find((candidate) => candidate.id === id);
  if (architecture === undefined) {
    const known = architectures.map((a) => a.id);
    throw new ParapetError(
      'submission',
      `architecture: there is no '${id}'${didYouMean(id, known)}`,
      `the architectures are ${known.join(', ')}`,
    );
  }
  return architecture;
}

/** How many numbers an architecture learns. */
export function parameterCount(architecture: Architecture): number {
  return architecture.parameters
    .filter(({ statistic }) => statistic === undefined)
    .reduce((sum, { shape }) => sum + shape.reduce((n, side) => n * side, 1), 0);
}

/**
 * @param architectureId an id of `architectures`
 * @param weights a safetensors file
 * @throws ParapetError 'submission' when there is no such architecture or the weights do not fit it
 */
export function loadClassifier(architectureId: string, weights: Uint8Array): Classifier {
  const architecture = findArchitecture(architectureId);
  return classifierOf(architecture, Object.fromEntries(decodeWeights(architecture, weights)));
}

/** @param values each parameter's values by name, in the layout of the architecture's files */
export function classifierOf(architecture: Architecture, values: Readonly<Record<string, Float32Array>>): Classifier {
  const { inputShape, classes } = architecture;
  const tensors = opened(architecture, values);
  for (const tensor of Object.values(tensors)) tf.keep(tensor);
  return {
    inputShape,
    classes,
    logits: (x) => tf.tidy(() => architecture.forward(tensors, x)),
    dispose: () => tf.dispose(tensors),
  };
}
