import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { radial, randomLinear } from '../testing/classifiers.ts';
import { randomImages } from '../testing/images.ts';
import { linearClass } from '../testing/oracles.ts';
import { lengthIn, linearSmallestChange } from '../testing/planes.ts';
import { boundary } from './boundary.ts';
import { type AttackRequest, runAttack } from './run.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

function attack(request: Partial<AttackRequest> & Pick<AttackRequest, 'classifier' | 'x' | 'y' | 'examples'>) {
  const fixed = { attack: boundary, target: null, seed: 3, stream: '', norm: 'L2' } as const;
  return runAttack({ ...fixed, options: {}, epsilon: Number.POSITIVE_INFINITY, ...request });
}

describe('on a linear model of two classes', () => {
  const model = randomLinear(2, 9);
  const { x, examples, size } = randomImages(8, model.inputShape, 3, 0.3);
  const images = [...examples].map((i) => x.slice(i * size, (i + 1) * size));
  const y = Int32Array.from(images, (image) => linearClass(model, image));
  const least = images.map((image, i) => lengthIn(linearSmallestChange(model, image, y[i] as number, 'L2'), 'L2'));

  const ratios = async (options: Record<string, number>) => {
    const { distance } = await attack({ classifier: model, x, y, examples, options });
    return least.map((best, i) => (distance[i] as number) / best);
  };
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);

  test('comes close to the smallest distance, never below it', async () => {
    for (const ratio of await ratios({ queries: 2000 })) {
      expect(ratio).toBeGreaterThan(1 - 1e-5);
      expect(ratio).toBeLessThan(1.05);
    }
  });

  test('more queries, smaller distances', async () => {
    const [few, many] = [await ratios({ queries: 60 }), await ratios({ queries: 500 })];
    expect(sum(many)).toBeLessThan(0.9 * sum(few));
  });

  test('steps adapt from whatever they begin with', async () => {
    for (const first of [1e-3, 0.5]) {
      const found = await ratios({ queries: 2000, sphericalStep: first, sourceStep: first });
      expect(sum(found) / found.length).toBeLessThan(1.1);
    }
  });
});

test('leaves a sphere by nearly the shortest way', async () => {
  const start = new Float32Array(16).fill(0.5);
  start[3] = 0.7;
  const request = { classifier: radial(0.3), x: start, y: Int32Array.of(0), examples: Int32Array.of(0) };
  const { distance } = await attack({ ...request, options: { queries: 3000 } });
  expect(distance[0] as number).toBeGreaterThan(0.1 * (1 - 1e-5));
  expect(distance[0] as number).toBeLessThan(0.105);
});
