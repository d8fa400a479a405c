import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import type { Classifier } from '../models/classifier.ts';
import { constant, onePixel, randomLinear, scaled } from '../testing/classifiers.ts';
import { randomImages } from '../testing/images.ts';
import { linearClass, linearLogits, marginWeights } from '../testing/oracles.ts';
import { findAttack } from './index.ts';
import { type AttackRequest, runAttack } from './run.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const model = randomLinear(2, 5);
const { x, examples, size } = randomImages(16, model.inputShape, 3);
const imageOf = (images: Float32Array, i: number, values = size) => images.slice(i * values, (i + 1) * values);
const y = Int32Array.from(examples, (i) => linearClass(model, imageOf(x, i)));
/** Enough for sixteen pixels. */
const few = { population: 40, generations: 40 };

function attack(changes: Partial<AttackRequest> = {}) {
  const request = { classifier: model, x, y, target: null, examples, norm: 'L0', epsilon: 1, options: few } as const;
  return runAttack({ ...request, attack: findAttack('one-pixel'), seed: 1, stream: 'test', ...changes });
}

/** z[own] − z[other] of an image. */
function margin(image: Float32Array, own: number) {
  const z = linearLogits(model, image);
  return (z[own] as number) - (z[1 - own] as number);
}

/** The smallest margin with so many values changed: each to the end that lowers it most, and those that lower it most. */
function worstMargin(image: Float32Array, own: number, values: number) {
  const falls = [...marginWeights(model, own, 1 - own)].map((weight, i) => {
    const value = image[i] as number;
    return Math.min(-weight * value, weight * (1 - value));
  });
  const most = falls.sort((a, b) => a - b).slice(0, values);
  return margin(image, own) + most.reduce((sum, fall) => sum + fall, 0);
}

/** The classifier, and every batch that it is asked about. */
function recorded(of: Classifier) {
  const batches: Float32Array[] = [];
  const logits = (batch: tf.Tensor4D) => {
    batches.push(batch.dataSync<'float32'>().slice());
    return of.logits(batch);
  };
  return { classifier: { ...of, logits }, batches };
}

test('finds the best pixel of a linear model and its best colour', async () => {
  const worst = [...y].map((own, i) => worstMargin(imageOf(x, i), own, 1));
  expect(worst.some((value) => value < 0) && worst.some((value) => value > 0)).toBe(true);
  const outcome = await attack();
  expect([...outcome.success]).toEqual(worst.map((value) => (value < 0 ? 1 : 0)));
  for (const [i, own] of y.entries()) {
    if (outcome.success[i] === 1) expect(outcome.distance[i]).toBe(1);
    else expect(margin(imageOf(outcome.xAdv, i), own)).toBeCloseTo(worst[i] as number, 4);
  }
});

test('with more pixels comes near the best of them', async () => {
  const outcome = await attack({ epsilon: 2, options: { pixels: 2, population: 60, generations: 60 } });
  for (const [i, own] of y.entries()) {
    const worst = worstMargin(imageOf(x, i), own, 2);
    if (worst > 0) expect(margin(imageOf(outcome.xAdv, i), own)).toBeLessThan(worst + 0.1 * Math.abs(worst) + 0.05);
    else if (worst < -0.2) expect(outcome.success[i]).toBe(1);
  }
});

test.each([0, 3, 12, 15])('finds the one pixel that matters: %s', async (index) => {
  const grey = { x: new Float32Array(32).fill(0.45), y: new Int32Array(2), examples: Int32Array.of(0, 1) };
  expect([...(await attack({ ...grey, classifier: onePixel(index) })).success]).toEqual([1, 1]);
});

test('a pixel of three channels counts as three values', async () => {
  const shape = [4, 4, 3] as const;
  const grey = { x: new Float32Array(48).fill(0.5), y: new Int32Array(1), examples: Int32Array.of(0) };
  const still = { ...constant(2), inputShape: shape };
  const none = await attack({ ...grey, classifier: still, epsilon: 2 });
  expect(none.xAdv).toEqual(grey.x);
  expect(none.forwardCalls).toBe(2);
  for (const [epsilon, pixels] of [
    [3, 1],
    [8, 2],
  ] as const) {
    const { classifier, batches } = recorded(still);
    await attack({ ...grey, classifier, epsilon, options: { pixels: 5, population: 10, generations: 5 } });
    const counts = batches.slice(1, -1).flatMap((batch) =>
      Array.from({ length: 10 }, (_, i) => {
        const changed = [...batch.subarray(48 * i, 48 * i + 48).entries()].filter(([, value]) => value !== 0.5);
        return new Set(changed.map(([at]) => Math.floor(at / 3))).size;
      }),
    );
    expect(Math.max(...counts)).toBe(pixels);
  }
});

test('every pixel of the image is tried, and colours from black to white', async () => {
  const { classifier, batches } = recorded(constant(2));
  const grey = { x: new Float32Array(16).fill(0.5), y: new Int32Array(1), examples: Int32Array.of(0) };
  await attack({ ...grey, classifier, options: { population: 400, generations: 1 } });
  for (const batch of batches.slice(1, -1)) {
    const tried = Array.from({ length: 16 }, (_, pixel) =>
      batch.filter((value, i) => i % 16 === pixel && value !== 0.5),
    );
    for (const colours of tried) expect(colours.length).toBeGreaterThan(0);
    expect([Math.min(...batch), Math.max(...batch)]).toEqual([0, 1]);
  }
});

test('asks exactly as often as it may, and stops at the generation of a success', async () => {
  const still = { classifier: constant(4), y: new Int32Array(16) };
  const outcome = await attack({ ...still, options: { population: 9, generations: 4 } });
  expect(outcome.forwardCalls).toBe(16 * 9 * 5 + 2 * 16);
  expect(outcome.gradientCalls).toBe(0);
  const grey = { x: new Float32Array(16).fill(0.499), y: new Int32Array(1), examples: Int32Array.of(0) };
  const found = await attack({ ...grey, classifier: onePixel(5), options: { population: 400 } });
  expect(found.forwardCalls).toBe(400 + 2);
});

test('more generations from the same seed never do worse', async () => {
  let before = await attack({ options: { population: 6, generations: 0 } });
  for (const generations of [3, 15, 60]) {
    const after = await attack({ options: { population: 6, generations } });
    for (const [i, own] of y.entries()) {
      const [earlier, later] = [imageOf(before.xAdv, i), imageOf(after.xAdv, i)];
      if (before.success[i] === 1) expect(later).toEqual(earlier);
      else expect(margin(later, own)).toBeLessThanOrEqual(margin(earlier, own) + 1e-6);
    }
    before = after;
  }
});

test('probabilities that float32 rounds to 1 do not hide which candidate is better', async () => {
  const outcome = await attack({ classifier: scaled(model, 30) });
  const plain = await attack();
  expect(Math.max(...y.map((own, i) => 30 * margin(imageOf(x, i), own)))).toBeGreaterThan(30);
  expect([...outcome.success]).toEqual([...plain.success]);
});

test('reaches targets', async () => {
  const four = randomLinear(4, 5);
  const labels = Int32Array.from(examples, (i) => linearClass(four, imageOf(x, i)));
  const target = labels.map((own) => (own + 1) % 4);
  const request = { classifier: four, y: labels, target, epsilon: 8, options: { pixels: 8, ...few } };
  const outcome = await attack(request);
  expect(outcome.success.filter((flag) => flag === 1).length).toBeGreaterThan(10);
});
