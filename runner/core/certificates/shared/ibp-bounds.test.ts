import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { startBackend } from '../../../backends/index.ts';
import { type Architecture, prepared } from '../../models/architecture.ts';
import { architectures, findArchitecture } from '../../models/index.ts';
import type { SequentialLayer } from '../../models/sequential.ts';
import { exampleRandom } from '../../random.ts';
import { oneHot } from '../../tensors.ts';
import { initialWeights } from '../../training/initial-weights.ts';
import { boundableLayers } from './box.ts';
import { bounds, pixelBox, worstMargins } from './ibp-bounds.ts';

beforeAll(async () => {
  await startBackend('wasm');
});

const chains = architectures.filter(({ layers }) => layers !== undefined);

/** Everything a test asks of a net at initial weights, with biases that are not 0. */
function netOf(architecture: Architecture) {
  const values = initialWeights(architecture, 4);
  const tensors = architecture.parameters.map(({ name, shape, fan }) => {
    const stored = tf.tensor(values[name] as Float32Array, [...shape]);
    return [name, fan === null ? tf.add(stored, 0.05) : stored];
  });
  return { layers: boundableLayers(architecture), weights: prepared(architecture, Object.fromEntries(tensors)) };
}

const imagesOf = ({ inputShape }: Architecture, count: number, draw: number) => {
  const size = inputShape.reduce((product, side) => product * side, 1);
  const rows = Array.from({ length: count }, (_, i) => i);
  return tf.tensor4d(exampleRandom(5, 'images').uniform(rows, draw, size), [count, ...inputShape]);
};

describe.each(chains.map((one) => [one.id, one] as const))('%s', (_, architecture) => {
  test('a box of one image has its scores for bounds', () => {
    tf.tidy(() => {
      const { layers, weights } = netOf(architecture);
      const x = imagesOf(architecture, 2, 0);
      const { lower, upper } = bounds(layers, weights, x, x);
      const scores = architecture.forward(weights, x).dataSync();
      for (const [i, score] of scores.entries()) {
        expect(lower.dataSync()[i]).toBeCloseTo(score, 3);
        expect(upper.dataSync()[i]).toBeCloseTo(score, 3);
      }
    });
  });

  test('no image of the box leaves the bounds, nor its margins the worst ones', () => {
    tf.tidy(() => {
      const { layers, weights } = netOf(architecture);
      const x = imagesOf(architecture, 1, 0);
      const box = pixelBox(x, 0.05);
      const labels = oneHot([3], architecture.classes);
      const { lower, upper } = bounds(layers, weights, box.lower, box.upper);
      const worst = worstMargins(layers, weights, box, labels).dataSync();
      // Corners, where a linear net would be worst.
      for (let draw = 1; draw <= 4; draw++) {
        const corner = tf.where(tf.greater(imagesOf(architecture, 1, draw), 0.5), box.lower, box.upper) as tf.Tensor4D;
        const scores = architecture.forward(weights, corner).dataSync();
        for (const [k, score] of scores.entries()) {
          expect(score).toBeGreaterThanOrEqual((lower.dataSync()[k] as number) - 1e-4);
          expect(score).toBeLessThanOrEqual((upper.dataSync()[k] as number) + 1e-4);
          expect(score - (scores[3] as number)).toBeLessThanOrEqual((worst[k] as number) + 1e-4);
        }
      }
    });
  });
});

test('two layers by hand', () => {
  // Hidden: a = x₁ − x₂ + 0.5 and b = −x₁ − 1; scores: [2·relu(a) + relu(b), relu(a)].
  const layers: SequentialLayer[] = [
    { kind: 'linear', name: 'fc1', relu: true },
    { kind: 'linear', name: 'fc2' },
  ];
  const weights = {
    'fc1.weight': tf.tensor2d([1, -1, -1, 0], [2, 2]),
    'fc1.bias': tf.tensor1d([0.5, -1]),
    'fc2.weight': tf.tensor2d([2, 1, 1, 0], [2, 2]),
    'fc2.bias': tf.tensor1d([0, 0.25]),
  };
  const box = pixelBox(tf.tensor4d([0.5, 0.95], [1, 1, 2, 1]), 0.1);
  // x₁ in [0.4, 0.6], x₂ in [0.85, 1] (cut at 1): a in [−0.1, 0.25], b in [−1.6, −1.4].
  const { lower, upper } = bounds(layers, weights, box.lower, box.upper);
  for (const [i, value] of [0, 0.25].entries()) expect(lower.dataSync()[i]).toBeCloseTo(value, 6);
  for (const [i, value] of [0.5, 0.5].entries()) expect(upper.dataSync()[i]).toBeCloseTo(value, 6);
  // Scores differ by relu(a) + relu(b) − 0.25: at most 0 where the bounds apart say 0.25.
  const margins = worstMargins(layers, weights, box, oneHot([1], 2)).dataSync();
  expect(margins[0]).toBeCloseTo(0, 6);
  expect(margins[1]).toBe(0);
});

test('an architecture that is no chain of layers is refused by name', () => {
  expect(() => boundableLayers(findArchitecture('resnet-18-cifar10'))).toThrow(
    'model.architecture: resnet-18-cifar10 cannot be bounded; wanted a chain of convolutions, ReLU, max-pooling and fully connected layers',
  );
});
