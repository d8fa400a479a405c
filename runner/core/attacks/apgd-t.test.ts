import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { constant, linear, randomLinear, scaled, shifted } from '../testing/classifiers.ts';
import { randomImages } from '../testing/images.ts';
import { linearClass, linearDistanceL2, linearWorstMarginLinf } from '../testing/oracles.ts';
import { apgd } from './apgd.ts';
import { apgdT } from './apgd-t.ts';
import { type AttackRequest, runAttack } from './run.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const model = randomLinear(10, 5);
const { x, examples, size } = randomImages(20, model.inputShape, 3);
const images = [...examples].map((i) => x.slice(i * size, (i + 1) * size));
const y = Int32Array.from(images, (image) => linearClass(model, image));

function attack(changes: Partial<AttackRequest> = {}) {
  const request = { attack: apgdT, options: { steps: 20 }, classifier: model, x, y, target: null, examples };
  return runAttack({ ...request, norm: 'Linf', epsilon: 0.05, seed: 1, stream: 'test', ...changes });
}

describe('finds what there is to find on a linear model', () => {
  test.each([0.02, 0.05, 0.1])('L∞ ≤ %s', async (epsilon) => {
    const worst = images.map((image, i) => linearWorstMarginLinf(model, image, y[i] as number, epsilon));
    const outcome = await attack({ epsilon });
    expect([...outcome.success]).toEqual(worst.map((margin) => (margin < 0 ? 1 : 0)));
  });

  test('L2', async () => {
    const inner = randomImages(20, model.inputShape, 3, 0.2).x;
    const rows = [...examples].map((i) => inner.slice(i * size, (i + 1) * size));
    const labels = Int32Array.from(rows, (image) => linearClass(model, image));
    const distance = rows.map((image, i) => linearDistanceL2(model, image, labels[i] as number));
    const outcome = await attack({ x: inner, y: labels, norm: 'L2', epsilon: 0.15, options: { steps: 50 } });
    expect([...outcome.success]).toEqual(distance.map((d) => (d < 0.15 ? 1 : 0)));
  });
});

/**
 * The most likely wrong class is out of reach, the least likely one is near: class 0 stands at 1, class 1 follows at 0.9 whatever the
 * image, and class 3 begins at −4 and gains most with each pixel.
 */
const farButSteep = linear(
  Float32Array.from({ length: 16 * 4 }, (_, i) => [0, 0, 0.1, 4][i % 4] as number),
  Float32Array.of(1, 0.9, -1, -4 - 32),
);
const grey = { x: new Float32Array(16).fill(0.5), y: Int32Array.of(0), examples: Int32Array.of(0) };

test('comes to the class that gives way, however unlikely at first', async () => {
  const request = { ...grey, classifier: farButSteep, epsilon: 0.1 };
  expect((await attack({ ...request, options: { steps: 10, targets: 2 } })).success[0]).toBe(0);
  expect((await attack({ ...request, options: { steps: 10, targets: 3 } })).success[0]).toBe(1);
  // The untargeted loss looks at the runner-up alone, which does not move.
  expect((await attack({ ...request, attack: apgd, options: { loss: 'dlr', steps: 10 } })).success[0]).toBe(0);
});

test('never has more targets than there are wrong classes', async () => {
  const request = { ...grey, classifier: constant(4), epsilon: 0.1 };
  const { gradientCalls, forwardCalls } = await attack({ ...request, options: { steps: 5, targets: 9, restarts: 2 } });
  // Three targets, twice; a last look after each run, a first one for the ranks, and the frame's two.
  expect([gradientCalls, forwardCalls]).toEqual([3 * 2 * 5, 3 * 2 * (5 + 1) + 1 + 2]);
});

test('an image that falls is not led any further', async () => {
  const { success, gradientCalls } = await attack({ epsilon: 0.5 });
  expect([...success].every(Boolean)).toBe(true);
  expect(gradientCalls).toBeLessThanOrEqual(2 * 20);
});

test('neither the size of the logits nor what is added to them matters', async () => {
  const plain = await attack();
  for (const changed of [shifted(model, 1e4), scaled(model, 1e6), scaled(model, 1e-6)]) {
    expect((await attack({ classifier: changed })).success).toEqual(plain.success);
  }
});

test('more targets never break less', async () => {
  const broken = async (targets: number) => (await attack({ options: { steps: 10, targets } })).success;
  const [one, nine] = [await broken(1), await broken(9)];
  for (const [i, success] of one.entries()) expect(nine[i]).toBeGreaterThanOrEqual(success);
});

test('refuses a model of fewer than four classes', async () => {
  const three = { ...grey, classifier: constant(3) };
  await expect(attack(three)).rejects.toThrow(/apgd-t: the model has 3 classes.*at least 4/);
  await expect(attack(three)).rejects.toMatchObject({ kind: 'usage' });
});
