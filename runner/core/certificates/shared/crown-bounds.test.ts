import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { startBackend } from '../../../backends/index.ts';
import { prepared } from '../../models/architecture.ts';
import { findArchitecture } from '../../models/index.ts';
import type { SequentialLayer } from '../../models/sequential.ts';
import { exampleRandom } from '../../random.ts';
import { oneHot } from '../../tensors.ts';
import { initialWeights } from '../../training/initial-weights.ts';
import { crownMargins, layersWithoutPooling } from './crown-bounds.ts';
import { pixelBox, worstMargins } from './ibp-bounds.ts';

beforeAll(async () => {
  await startBackend('wasm');
});

test('one hidden unit by hand', () => {
  // h = relu(x₁ − x₂), which lies in [−0.2, 0.2] before ReLU; scores [h, 0].
  const layers: SequentialLayer[] = [
    { kind: 'linear', name: 'fc1', relu: true },
    { kind: 'linear', name: 'fc2' },
  ];
  const weights = {
    'fc1.weight': tf.tensor2d([1, -1], [2, 1]),
    'fc1.bias': tf.tensor1d([0.1]),
    'fc2.weight': tf.tensor2d([1, 0], [1, 2]),
    'fc2.bias': tf.tensor1d([0, 0]),
  };
  const box = pixelBox(tf.tensor4d([0.5, 0.5], [1, 1, 2, 1]), 0.1);
  // Before ReLU [−0.1, 0.3]: the upper line is 0.75 · (s + 0.1), at most 0.3. The lower one is the identity, at least −0.1, so that 0 − h ≤ 0.1.
  expect(crownMargins(layers, weights, box, oneHot([1], 2)).dataSync()[0]).toBeCloseTo(0.3, 6);
  expect(crownMargins(layers, weights, box, oneHot([0], 2)).dataSync()[1]).toBeCloseTo(0.1, 6);
});

test('what cancels between two units is seen, which intervals do not', () => {
  // Both units are x₁ + 1, always on; the score is their difference, which is 0 everywhere.
  const layers: SequentialLayer[] = [
    { kind: 'linear', name: 'fc1', relu: true },
    { kind: 'linear', name: 'fc2' },
  ];
  const weights = {
    'fc1.weight': tf.tensor2d([1, 1], [1, 2]),
    'fc1.bias': tf.tensor1d([1, 1]),
    'fc2.weight': tf.tensor2d([1, 0, -1, 0], [2, 2]),
    'fc2.bias': tf.tensor1d([0, 0]),
  };
  const box = pixelBox(tf.tensor4d([0.5], [1, 1, 1, 1]), 0.1);
  const labels = oneHot([1], 2);
  expect(worstMargins(layers, weights, box, labels).dataSync()[0]).toBeCloseTo(0.2, 6);
  expect(crownMargins(layers, weights, box, labels).dataSync()[0]).toBeCloseTo(0, 6);
});

test.each(['gowal-small-mnist', 'gowal-medium-cifar10', 'mlp-mnist', 'softmax-regression-mnist'])(
  '%s: no image of the box is above the bound',
  (id) => {
    tf.tidy(() => {
      const architecture = findArchitecture(id);
      const values = initialWeights(architecture, 4);
      const tensors = architecture.parameters.map(({ name, shape, fan }) => {
        const stored = tf.tensor(values[name] as Float32Array, [...shape]);
        return [name, fan === null ? tf.add(stored, 0.05) : stored];
      });
      const weights = prepared(architecture, Object.fromEntries(tensors));
      const size = architecture.inputShape.reduce((product, side) => product * side, 1);
      const images = (draw: number) =>
        tf.tensor4d(exampleRandom(5, 'images').uniform([0, 1], draw, size), [2, ...architecture.inputShape]);
      const box = pixelBox(images(0), 0.02);
      const bound = crownMargins(layersWithoutPooling(architecture), weights, box, oneHot([3, 8], 10)).dataSync();
      for (let draw = 1; draw <= 4; draw++) {
        const corners = tf.where(tf.greater(images(draw), 0.5), box.lower, box.upper) as tf.Tensor4D;
        const scores = architecture.forward(weights, corners).dataSync();
        for (const [i, score] of scores.entries()) {
          const right = scores[i < 10 ? 3 : 18] as number;
          expect(score - right).toBeLessThanOrEqual((bound[i] as number) + 1e-4);
        }
      }
    });
  },
);

test('a box of one image has its margins for bounds', () => {
  tf.tidy(() => {
    const architecture = findArchitecture('gowal-small-mnist');
    const values = initialWeights(architecture, 4);
    const tensors = architecture.parameters.map(({ name, shape }) => [
      name,
      tf.tensor(values[name] as Float32Array, [...shape]),
    ]);
    const weights = prepared(architecture, Object.fromEntries(tensors));
    const x = tf.tensor4d(exampleRandom(5, 'images').uniform([0, 1], 0, 784), [2, 28, 28, 1]);
    const layers = layersWithoutPooling(architecture);
    const labels = oneHot([3, 8], 10);
    const scores = architecture.forward(weights, x).dataSync();
    const nearest = crownMargins(layers, weights, pixelBox(x, 0), labels).dataSync();
    const outwards = crownMargins(layers, weights, pixelBox(x, 0), labels, 'outwards').dataSync();
    for (const [i, score] of scores.entries()) {
      const margin = score - (scores[i < 10 ? 3 : 18] as number);
      expect(Math.abs((nearest[i] as number) - margin)).toBeLessThan(1e-6);
      expect(outwards[i]).toBeGreaterThan(margin);
      expect(outwards[i]).toBeLessThan(margin + 0.03);
    }
  });
});

test('a net with max-pooling is refused', () => {
  expect(() => layersWithoutPooling(findArchitecture('papernot-mnist'))).toThrow(
    'model.architecture: papernot-mnist has max-pooling after conv2, which CROWN bounds do not go back through',
  );
});
