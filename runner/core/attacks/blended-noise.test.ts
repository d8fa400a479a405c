import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { constant, radial, randomLinear } from '../testing/classifiers.ts';
import { randomImages } from '../testing/images.ts';
import { linearClass, linearDistanceL2 } from '../testing/oracles.ts';
import { blendedNoise } from './blended-noise.ts';
import { type AttackRequest, runAttack } from './run.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

function attack(request: Partial<AttackRequest> & Pick<AttackRequest, 'classifier' | 'x' | 'y' | 'examples'>) {
  const fixed = { attack: blendedNoise, options: {}, target: null, seed: 1, stream: '', norm: 'L2' } as const;
  return runAttack({ ...fixed, epsilon: Number.POSITIVE_INFINITY, ...request });
}

test('finds the boundary of a sphere on the way to its noise, to a step', async () => {
  const x = new Float32Array(5 * 16).fill(0.5);
  const request = { classifier: radial(0.4), x, y: new Int32Array(5), examples: Int32Array.of(0, 1, 2, 3, 4) };
  const { distance, success } = await attack(request);
  expect([...success]).toEqual([1, 1, 1, 1, 1]);
  for (const d of distance) {
    expect(d).toBeGreaterThan(0.4);
    // A step is a thousandth of the way to noise, which is at most 2 away.
    expect(d).toBeLessThan(0.4 + 0.0021);
  }
});

test('on a linear model succeeds for all, never nearer than the boundary is', async () => {
  const model = randomLinear(4, 5);
  const { x, examples, size } = randomImages(20, model.inputShape, 3, 0.3);
  const images = [...examples].map((i) => x.slice(i * size, (i + 1) * size));
  const y = Int32Array.from(images, (image) => linearClass(model, image));
  const { success, distance } = await attack({ classifier: model, x, y, examples });
  for (const [i, image] of images.entries()) {
    expect(success[i]).toBe(1);
    expect(distance[i] as number).toBeGreaterThan(linearDistanceL2(model, image, y[i] as number) * (1 - 1e-5));
  }
});

test('gives up when no noise is adversarial, after as many queries as directions', async () => {
  const x = new Float32Array(16).fill(0.5);
  const request = { classifier: constant(2), x, y: Int32Array.of(0), examples: Int32Array.of(0) };
  const { success, forwardCalls } = await attack({ ...request, options: { directions: 100 } });
  expect([success[0], forwardCalls]).toEqual([0, 102]);
});
