import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { type LinearClassifier, radial, randomLinear, scaled } from '../testing/classifiers.ts';
import { randomImages } from '../testing/images.ts';
import { linearClass, linearDistanceL2, linearLogits, linearTargetDistanceL2 } from '../testing/oracles.ts';
import { findAttack } from './index.ts';
import { type AttackRequest, runAttack } from './run.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Enough for a linear model, and quick. */
const options = { maxIterations: 300, initialConstant: 0.01 };

/** Images at a distance from the boundary that is large beside one step of Adam, and far from black and white. */
function clearImages(model: LinearClassifier, count: number) {
  const pool = randomImages(300, model.inputShape, 3, 0.3);
  const all = Array.from({ length: 300 }, (_, i) => pool.x.slice(i * pool.size, (i + 1) * pool.size));
  const images = all
    .filter((image) => linearDistanceL2(model, image, linearClass(model, image)) > 0.12)
    .slice(0, count);
  return {
    images,
    size: pool.size,
    x: Float32Array.from(images.flatMap((image) => [...image])),
    y: Int32Array.from(images, (image) => linearClass(model, image)),
    examples: Int32Array.from(images.keys()),
  };
}

function attack(request: Partial<AttackRequest> & Pick<AttackRequest, 'classifier' | 'x' | 'y' | 'examples'>) {
  const fixed = {
    attack: findAttack('cw-l2'),
    norm: 'L2',
    epsilon: Number.POSITIVE_INFINITY,
    seed: 0,
    stream: '',
  } as const;
  return runAttack({ ...fixed, options, target: null, ...request });
}

/** Expects distances no smaller than the smallest there are, and at most 1 % larger. */
function expectMinimal(distance: Float64Array, minimal: number[]) {
  for (const [i, least] of minimal.entries()) {
    expect((distance[i] as number) / least).toBeGreaterThan(1 - 1e-6);
    expect((distance[i] as number) / least).toBeLessThan(1.01);
  }
}

describe('on a linear model of two classes', () => {
  const model = randomLinear(2, 9);
  const { images, x, y, examples, size } = clearImages(model, 6);
  const least = images.map((image, i) => linearDistanceL2(model, image, y[i] as number));
  const request = { classifier: model, x, y, examples };

  test('finds the smallest L2 distance to the other class', async () => {
    expectMinimal((await attack(request)).distance, least);
  });

  test('a boundary crossed by the first steps does not speak for a constant that would not hold the image there', async () => {
    // Steps that go far beyond the boundary at once, for any constant; from the smallest ones each image comes back.
    const hasty = { maxIterations: 200, initialConstant: 1e-6, learningRate: 0.3, binarySearchSteps: 14 };
    const { distance } = await attack({ ...request, options: hasty });
    for (const [i, minimal] of least.entries()) expect((distance[i] as number) / minimal).toBeLessThan(1.05);
  });

  test('is as good on saturated logits and on tiny ones', async () => {
    for (const factor of [1e4, 1e-3]) {
      const initialConstant = 0.01 / factor;
      const changed = { classifier: scaled(model, factor), options: { ...options, initialConstant } };
      expectMinimal((await attack({ ...request, ...changed })).distance, least);
    }
  });

  test('with a finite ball only what lies in it counts', async () => {
    const sorted = [...least].sort((a, b) => a - b);
    const epsilon = ((sorted[2] as number) + (sorted[3] as number)) / 2;
    const outcome = await attack({ ...request, epsilon });
    expect([...outcome.success]).toEqual(least.map((distance) => (distance < epsilon ? 1 : 0)));
  });

  test('clears the boundary by the confidence asked for', async () => {
    const { xAdv } = await attack({ ...request, options: { ...options, confidence: 0.5 } });
    for (const i of images.keys()) {
      const z = linearLogits(model, xAdv.slice(i * size, (i + 1) * size));
      const own = y[i] as number;
      expect((z[1 - own] as number) - (z[own] as number)).toBeGreaterThan(0.4999);
    }
  });

  test('giving up early costs gradients, not distance', async () => {
    const early = await attack(request);
    const patient = await attack({ ...request, options: { ...options, abortEarly: false } });
    expect(patient.gradientCalls).toBe(9 * 300 * 6);
    expect(early.gradientCalls).toBeLessThan(0.8 * patient.gradientCalls);
    for (const [i, distance] of early.distance.entries()) {
      expect(distance).toBeLessThan((patient.distance[i] as number) * 1.01);
    }
  });

  test('starts from black and white pixels too', async () => {
    const corner = x.map((value) => (value > 0.5 ? 1 : 0));
    const rows = [...examples].map((i) => corner.slice(i * size, (i + 1) * size));
    const labels = Int32Array.from(rows, (image) => linearClass(model, image));
    const changed = { x: corner, y: labels, options: { ...options, learningRate: 0.1 } };
    const outcome = await attack({ ...request, ...changed });
    expect([...outcome.success].every(Boolean)).toBe(true);
    for (const [i, image] of rows.entries()) {
      const unbounded = linearDistanceL2(model, image, labels[i] as number);
      expect(outcome.distance[i] as number).toBeGreaterThan(unbounded * (1 - 1e-6));
    }
  });
});

test('on a linear model of ten classes, finds the smallest L2 distance to a target', async () => {
  const model = randomLinear(10, 5);
  const { images, x, y, examples, size } = clearImages(model, 4);
  const target = y.map((own) => (own + 3) % 10);
  const least = images.map((image, i) => linearTargetDistanceL2(model, image, target[i] as number));
  const outcome = await attack({ classifier: model, x, y, examples, target });
  expectMinimal(outcome.distance, least);
  const reached = images.map((_, i) => linearClass(model, outcome.xAdv.slice(i * size, (i + 1) * size)));
  expect(reached).toEqual([...target]);
});

test('leaves a sphere by the shortest way', async () => {
  const start = new Float32Array(16).fill(0.5);
  start[3] = 0.6;
  const outcome = await attack({ classifier: radial(0.3), x: start, y: Int32Array.of(0), examples: Int32Array.of(0) });
  expectMinimal(outcome.distance, [0.2]);
});
