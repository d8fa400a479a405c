import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { startBackend } from '../../backends/index.ts';
import { fromHalf, toHalf } from '../models/half.ts';
import { classifierOf, findArchitecture, loadClassifier } from '../models/index.ts';
import { decodeSafetensors, encodeSafetensors } from '../models/safetensors.ts';
import { decodeWeights } from '../models/weights.ts';
import { exampleRandom } from '../random.ts';
import { standard } from './standard.ts';
import type { Weights } from './state.ts';
import { train } from './train.ts';
import { encodeWeights } from './weights-file.ts';

const architecture = findArchitecture('softmax-regression-mnist');
const metadata = { architecture: architecture.id };
const pixels = exampleRandom(3, 'pixels').uniform([0, 1, 2, 3], 0, 784);

let weights: Weights;
beforeAll(async () => {
  await startBackend('wasm');
  const options = standard.optionsSchema.parse({ epochs: 2, precision: 'half' });
  const data = { x: pixels, y: Int32Array.of(3, 1, 4, 1), count: 4 };
  weights = await train({ architecture, method: standard, options, data, seed: 0 });
});

test('a net that is rounded to half precision is the net that is loaded, to the bit', () => {
  const file = encodeWeights(architecture, weights, 'half', metadata);
  const rounded = Object.fromEntries(
    Object.entries(weights).map(([name, values]) => [name, values.map((value) => fromHalf(toHalf(value)))]),
  );
  expect(rounded).not.toEqual(weights);
  expect(Object.fromEntries(decodeWeights(architecture, file))).toEqual(rounded);
  expect([...decodeSafetensors(file).tensors.values()].map(({ dtype }) => dtype)).toEqual(['F16', 'F16']);
  const scores = [classifierOf(architecture, rounded), loadClassifier(architecture.id, file)].map((classifier) => {
    const logits = tf.tidy(() => classifier.logits(tf.tensor4d(pixels, [4, 28, 28, 1])).dataSync());
    classifier.dispose();
    return logits;
  });
  expect(scores[0]).toEqual(scores[1]);
});

test('in single precision every bit is kept, and the file is what it always was', () => {
  const file = encodeWeights(architecture, weights, 'single', metadata);
  expect(Object.fromEntries(decodeWeights(architecture, file))).toEqual(weights);
  const tensors = Object.fromEntries(
    architecture.parameters.map(({ name, shape }) => [name, { shape, data: weights[name] as Float32Array }]),
  );
  expect(file).toEqual(encodeSafetensors(tensors, metadata));
});

test('a weight beyond the range of half precision is one error that names it', () => {
  const bias = (weights['fc.bias'] as Float32Array).with(7, -70000);
  expect(() => encodeWeights(architecture, { ...weights, 'fc.bias': bias }, 'half', metadata)).toThrow(
    "training: 'fc.bias' holds -70000, and half precision goes up to 65504 in size",
  );
  expect(() => encodeWeights(architecture, { ...weights, 'fc.bias': bias }, 'single', metadata)).not.toThrow();
});

test.each(['single', 'half'] as const)('in %s precision no weight is stored that is not finite', (precision) => {
  for (const value of [Number.NaN, Number.NEGATIVE_INFINITY]) {
    const bias = (weights['fc.bias'] as Float32Array).with(7, value);
    expect(() => encodeWeights(architecture, { ...weights, 'fc.bias': bias }, precision, metadata)).toThrow(
      expect.objectContaining({ kind: 'misbehaved', message: `training: 'fc.bias' holds ${value}` }),
    );
  }
});
