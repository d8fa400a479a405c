import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { radial, randomLinear } from '../testing/classifiers.ts';
import { randomImages } from '../testing/images.ts';
import { linearClass } from '../testing/oracles.ts';
import { lengthIn, linearSmallestChange } from '../testing/planes.ts';
import { geoda, schedule } from './geoda.ts';
import { type AttackRequest, runAttack } from './run.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

function attack(request: Partial<AttackRequest> & Pick<AttackRequest, 'classifier' | 'x' | 'y' | 'examples'>) {
  const fixed = { attack: geoda, target: null, seed: 3, stream: '' } as const;
  return runAttack({ ...fixed, options: {}, norm: 'L2', epsilon: Number.POSITIVE_INFINITY, ...request });
}

describe.each(['L2', 'Linf'] as const)('on a linear model of two classes, %s', (norm) => {
  const model = randomLinear(2, 9);
  const { x, examples, size } = randomImages(8, model.inputShape, 3, 0.3);
  const images = [...examples].map((i) => x.slice(i * size, (i + 1) * size));
  const y = Int32Array.from(images, (image) => linearClass(model, image));
  const least = images.map((image, i) => lengthIn(linearSmallestChange(model, image, y[i] as number, norm), norm));

  const ratios = async (queries: number, frequencies = 1) => {
    const options = { queries, frequencies };
    const { distance } = await attack({ classifier: model, x, y, examples, norm, options });
    return least.map((best, i) => (distance[i] as number) / best);
  };
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);

  test('comes close to the smallest distance, never below it', async () => {
    for (const ratio of await ratios(3000)) {
      expect(ratio).toBeGreaterThan(1 - 1e-5);
      expect(ratio).toBeLessThan(norm === 'L2' ? 1.02 : 1.1);
    }
  });

  test('more queries, smaller distances', async () => {
    const [few, more, many] = [await ratios(60), await ratios(300), await ratios(2000)];
    expect(sum(more)).toBeLessThan(sum(few));
    expect(sum(many)).toBeLessThan(sum(more));
  });

  test('among half of the frequencies finds no nearer than among all', async () => {
    expect(sum(await ratios(2000, 0.5))).toBeGreaterThan(sum(await ratios(2000)));
  });
});

test('leaves a sphere by nearly the shortest way', async () => {
  const start = new Float32Array(16).fill(0.5);
  start[3] = 0.7;
  const request = { classifier: radial(0.3), x: start, y: Int32Array.of(0), examples: Int32Array.of(0) };
  const { distance } = await attack({ ...request, options: { queries: 3000, frequencies: 1 } });
  expect(distance[0] as number).toBeGreaterThan(0.1 * (1 - 1e-5));
  expect(distance[0] as number).toBeLessThan(0.11);
});

test.each([1, 30, 100, 1000, 4000, 20_000, 100_000])('%s queries are shared out in growing parts', (queries) => {
  const parts = schedule(queries);
  const total = parts.reduce((sum, part) => sum + part, 0) + 25 * parts.length;
  if (queries >= 100) {
    expect(Math.abs(total - queries)).toBeLessThanOrEqual(parts.length);
    expect(parts[0]).toBeLessThanOrEqual(80);
    expect(parts[0]).toBeGreaterThan(40);
  }
  for (let i = 1; i < parts.length; i++) {
    expect((parts[i] as number) / (parts[i - 1] as number)).toBeCloseTo(0.6 ** (-2 / 3), 1);
  }
});
