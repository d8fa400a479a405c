import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { constant, linear, onePixel, randomLinear } from '../testing/classifiers.ts';
import { randomImages } from '../testing/images.ts';
import { linearClass, linearDistanceL2, linearWorstMarginLinf } from '../testing/oracles.ts';
import { noise } from './noise.ts';
import { type AttackRequest, runAttack } from './run.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const SIZE = 16;

function attack(request: Partial<AttackRequest> & Pick<AttackRequest, 'classifier' | 'x' | 'norm' | 'epsilon'>) {
  const count = request.x.length / SIZE;
  return runAttack({
    attack: noise,
    options: {},
    y: new Int32Array(count),
    target: null,
    examples: Int32Array.from({ length: count }, (_, i) => i),
    seed: 2,
    stream: '',
    ...request,
  });
}

const mean = (values: Uint8Array) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('one draw has the probability that geometry gives it', () => {
  const count = 2000;

  test('L∞: a value is uniform in its interval', async () => {
    const x = new Float32Array(count * SIZE).fill(0.45);
    const { success } = await attack({ classifier: onePixel(3), x, norm: 'Linf', epsilon: 0.1, options: { draws: 1 } });
    // Above a half: a quarter of [0.35, 0.55]; four standard errors.
    expect(Math.abs(mean(success) - 0.25)).toBeLessThan(0.04);
  });

  test('L2: a direction is uniform on the sphere, and of its full length', async () => {
    const x = new Float32Array(count * SIZE).fill(0.45);
    const { success } = await attack({ classifier: onePixel(3), x, norm: 'L2', epsilon: 0.2, options: { draws: 1 } });
    // The share of a sphere in 16 dimensions that lies beyond a quarter of its radius, by its integral.
    const slice = (t: number) => (1 - t * t) ** ((SIZE - 3) / 2);
    const steps = Array.from({ length: 10_000 }, (_, i) => (i + 0.5) / 10_000);
    const total = 2 * steps.reduce((sum, t) => sum + slice(t), 0);
    const beyond = steps.filter((t) => t > 0.25).reduce((sum, t) => sum + slice(t), 0);
    expect(Math.abs(mean(success) - beyond / total)).toBeLessThan(0.035);
  });
});

test('L2 noise has the whole length though half of it would leave the pixel range', async () => {
  const weights = new Float32Array(SIZE * 2);
  for (let i = 1; i < weights.length; i += 2) weights[i] = 1;
  const bright = linear(weights, Float32Array.of(0.5, 0));
  const { success, distance } = await attack({
    classifier: bright,
    x: new Float32Array(50 * SIZE),
    norm: 'L2',
    epsilon: 0.5,
  });
  expect(mean(success)).toBe(1);
  for (const d of distance) {
    expect(d).toBeGreaterThan(0.4999);
    expect(d).toBeLessThanOrEqual(0.5 * (1 + 1e-6));
  }
});

describe('on a linear model', () => {
  const model = randomLinear(2, 5);
  const { x } = randomImages(40, model.inputShape, 3, 0.25);
  const images = Array.from({ length: 40 }, (_, i) => x.slice(i * SIZE, (i + 1) * SIZE));
  const y = Int32Array.from(images, (image) => linearClass(model, image));

  test.each(['Linf', 'L2'] as const)(
    'more draws and larger balls find more, and never what is not there: %s',
    async (norm) => {
      const epsilon = norm === 'Linf' ? 0.1 : 0.4;
      const possible = images.map((image, i) =>
        norm === 'Linf'
          ? linearWorstMarginLinf(model, image, y[i] as number, epsilon) < 0
          : linearDistanceL2(model, image, y[i] as number) < epsilon,
      );
      const found = async (draws: number, radius = epsilon) =>
        (await attack({ classifier: model, x, y, norm, epsilon: radius, options: { draws } })).success;
      const [few, many, wide] = [await found(30), await found(3000), await found(3000, 2 * epsilon)];
      for (const i of images.keys()) {
        expect(many[i]).toBeGreaterThanOrEqual(few[i] as number);
        if (!possible[i]) expect(many[i]).toBe(0);
      }
      expect(mean(few)).toBeGreaterThan(0);
      expect(mean(many)).toBeGreaterThan(mean(few));
      expect(mean(wide)).toBeGreaterThan(mean(many));
      expect(mean(many)).toBeLessThan(possible.filter(Boolean).length / images.length);
    },
  );
});

test('an image that falls at the first draw costs one, one that stands costs all', async () => {
  const x = new Float32Array(2 * SIZE).fill(0.5 - 1e-6);
  x.fill(0, SIZE);
  const weights = new Float32Array(SIZE * 2).fill(0);
  for (let i = 1; i < weights.length; i += 2) weights[i] = 1;
  const request = { norm: 'Linf', epsilon: 0.3, options: { draws: 777 } } as const;
  const { forwardCalls, success } = await attack({ ...request, classifier: onePixel(0), x });
  expect([...success]).toEqual([1, 0]);
  // The judge asks about each image twice; the first image needs a draw or a few.
  expect(forwardCalls - 2 * 2 - 777).toBeGreaterThanOrEqual(1);
  expect(forwardCalls - 2 * 2 - 777).toBeLessThan(20);
  const never = await attack({ ...request, classifier: constant(2), x });
  expect(never.forwardCalls).toBe(2 * (777 + 2));
});

test('reaches targets', async () => {
  const model = randomLinear(4, 9);
  const { x } = randomImages(10, model.inputShape, 4, 0.2);
  const y = Int32Array.from({ length: 10 }, (_, i) => linearClass(model, x.slice(i * SIZE, (i + 1) * SIZE)));
  const target = y.map((own) => (own + 1) % 4);
  const { success, xAdv } = await attack({ classifier: model, x, y, target, norm: 'Linf', epsilon: 0.5 });
  expect(mean(success)).toBe(1);
  for (const [i, goal] of target.entries()) expect(linearClass(model, xAdv.slice(i * SIZE, (i + 1) * SIZE))).toBe(goal);
});
