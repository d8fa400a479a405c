import * as tf from '@tensorflow/tfjs';
import { ParapetError } from '../errors.ts';
import type { Architecture } from './architecture.ts';
import type { Classifier } from './classifier.ts';
import { fullyConnectedMnist } from './fully-connected.ts';
import { lenetCifar10, lenetMnist } from './lenet.ts';
import { papernotCifar10, papernotMnist } from './papernot.ts';
import { decodeSafetensors } from './safetensors.ts';

/** Every architecture that a submission may name. */
export const architectures: readonly Architecture[] = [
  papernotMnist,
  papernotCifar10,
  lenetMnist,
  lenetCifar10,
  fullyConnectedMnist,
];

/** @throws ParapetError 'submission' that lists the architectures there are */
export function findArchitecture(id: string): Architecture {
  const architecture = architectures.find((candidate) => candidate.id === id);
  if (architecture === undefined) {
    const known = architectures.map((a) => a.id).join(', ');
    throw new ParapetError('submission', `architecture: there is no '${id}'`, `the architectures are ${known}`);
  }
  return architecture;
}

/** How many numbers an architecture learns. */
export function parameterCount(architecture: Architecture): number {
  return architecture.parameters.reduce((sum, { shape }) => sum + shape.reduce((n, side) => n * side, 1), 0);
}

/**
 * @param weights a safetensors file with exactly the architecture's parameters, float32, finite
 * @returns the weights by name, in the architecture's order
 * @throws ParapetError 'submission' that names every tensor that is missing, unknown or of the wrong shape
 */
export function decodeWeights(architecture: Architecture, weights: Uint8Array): Map<string, Float32Array> {
  const { tensors } = decodeSafetensors(weights);
  const mistakes: string[] = [];
  const values = new Map<string, Float32Array>();
  for (const { name, shape } of architecture.parameters) {
    const tensor = tensors.get(name);
    if (tensor === undefined) mistakes.push(`'${name}' is missing`);
    else if (!(tensor.data instanceof Float32Array)) mistakes.push(`'${name}' is ${tensor.dtype}; wanted F32`);
    else if (tensor.shape.join() !== shape.join())
      mistakes.push(`'${name}' has shape [${tensor.shape}]; wanted [${shape}]`);
    else if (!tensor.data.every(Number.isFinite)) mistakes.push(`'${name}' holds a number that is not finite`);
    else values.set(name, tensor.data);
  }
  const known = new Set(architecture.parameters.map(({ name }) => name));
  for (const name of tensors.keys()) if (!known.has(name)) mistakes.push(`'${name}' is not a parameter`);
  if (mistakes.length > 0) {
    throw new ParapetError(
      'submission',
      `weights do not fit ${architecture.id}: ${mistakes.join('; ')}`,
      'check model.architecture, or export the weights under the names that docs/architectures.md lists',
    );
  }
  return values;
}

/**
 * @param architectureId an id of `architectures`
 * @param weights a safetensors file
 * @throws ParapetError 'submission' when there is no such architecture or the weights do not fit it
 */
export function loadClassifier(architectureId: string, weights: Uint8Array): Classifier {
  const architecture = findArchitecture(architectureId);
  const values = decodeWeights(architecture, weights);
  const tensors = Object.fromEntries(
    architecture.parameters.map(({ name, shape }) => [
      name,
      tf.keep(tf.tensor(values.get(name) as Float32Array, [...shape])),
    ]),
  );
  return {
    inputShape: architecture.inputShape,
    classes: architecture.classes,
    logits: (x) => tf.tidy(() => architecture.forward(tensors, x)),
    dispose: () => tf.dispose(tensors),
  };
}
