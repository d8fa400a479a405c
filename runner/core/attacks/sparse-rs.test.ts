import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Classifier } from '../models/classifier.ts';
import { constant, onePixel, randomLinear, step } from '../testing/classifiers.ts';
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

function attack(changes: Partial<AttackRequest> = {}) {
  const request = { classifier: model, x, y, target: null, examples, norm: 'L0', epsilon: 2 } as const;
  return runAttack({ ...request, attack: findAttack('sparse-rs'), options: {}, seed: 1, stream: 'test', ...changes });
}

/** z[own] − z[other] of each image that came out. */
function margins(xAdv: Float32Array) {
  return [...y].map((own, i) => {
    const z = linearLogits(model, imageOf(xAdv, i));
    return (z[own] as number) - (z[1 - own] as number);
  });
}

/** The smallest margin with so many values changed: each to the end that lowers it most, and those that lower it most. */
function worstMargin(image: Float32Array, own: number, values: number) {
  const z = linearLogits(model, image);
  const falls = [...marginWeights(model, own, 1 - own)].map((weight, i) => {
    const value = image[i] as number;
    return Math.min(-weight * value, weight * (1 - value));
  });
  const most = falls.sort((a, b) => a - b).slice(0, values);
  return (z[own] as number) - (z[1 - own] as number) + most.reduce((sum, fall) => sum + fall, 0);
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

test.each([1, 2, 4])(
  'comes to the closed-form worst case of a linear model with %s values changed',
  async (epsilon) => {
    const worst = [...y].map((own, i) => worstMargin(imageOf(x, i), own, epsilon));
    const outcome = await attack({ epsilon, options: { queries: 1000 } });
    expect([...outcome.success]).toEqual(worst.map((margin) => (margin < 0 ? 1 : 0)));
    for (const [i, margin] of margins(outcome.xAdv).entries()) {
      if (outcome.success[i] === 0) expect(margin).toBeCloseTo(worst[i] as number, 5);
    }
  },
);

test('images of the linear model stand and fall', () => {
  const broken = [...y].map((own, i) => worstMargin(imageOf(x, i), own, 1) < 0);
  expect(broken).toContain(true);
  expect(broken).toContain(false);
});

test.each([0, 15])('finds the one value that matters: %s', async (index) => {
  const request = { x: new Float32Array(4 * 16), y: new Int32Array(4), examples: examples.slice(0, 4) };
  const outcome = await attack({ ...request, classifier: onePixel(index), epsilon: 1, options: { queries: 300 } });
  expect([...outcome.success]).toEqual([1, 1, 1, 1]);
  expect([...outcome.distance]).toEqual([1, 1, 1, 1]);
});

describe('what is asked about', () => {
  const shape = [6, 5, 3] as const;
  const values = 90;
  const still = { ...constant(2), inputShape: shape };
  const grey = { x: new Float32Array(4 * values).fill(0.5), y: new Int32Array(4), examples: examples.slice(0, 4) };

  test('has exactly ε values changed, after a restart as before', async () => {
    const sloping = randomLinear(2, 3, shape);
    const firm = {
      ...sloping,
      logits: (images: tf.Tensor4D) => tf.tidy(() => tf.add(sloping.logits(images), [99, 0])),
    };
    const { classifier, batches } = recorded(firm as Classifier);
    await attack({ ...grey, classifier, epsilon: 7, options: { queries: 60, restarts: 3 } });
    expect(batches.length).toBe(182);
    for (const batch of batches.slice(1, -1)) {
      for (let i = 0; i < batch.length; i += values) {
        const changed = batch.subarray(i, i + values).filter((value) => value !== 0.5);
        expect(changed.length).toBe(7);
        expect(changed.every((value) => value === 0 || value === 1)).toBe(true);
      }
    }
  });

  test('has whole pixels changed, as many as fit in ε values, if pixels are the unit', async () => {
    const { classifier, batches } = recorded(still);
    await attack({ ...grey, classifier, epsilon: 7, options: { unit: 'pixel', queries: 40, restarts: 2 } });
    for (const batch of batches.slice(1, -1)) {
      for (let i = 0; i < batch.length; i += values) {
        const changed = [...batch.subarray(i, i + values).entries()].filter(([, value]) => value !== 0.5);
        expect(changed.length).toBe(6);
        expect(new Set(changed.map(([at]) => Math.floor(at / 3))).size).toBe(2);
      }
    }
  });

  test('is nothing where no pixel fits', async () => {
    const outcome = await attack({ ...grey, classifier: still, epsilon: 2, options: { unit: 'pixel' } });
    expect(outcome.xAdv).toEqual(grey.x);
    expect(outcome.forwardCalls).toBe(8);
  });

  test('may be everything', async () => {
    const outcome = await attack({ epsilon: 1000, options: { queries: 300 } });
    expect([...outcome.success].every(Boolean)).toBe(true);
    const rest = await attack({ ...grey, classifier: still, epsilon: 1000, options: { queries: 10 } });
    expect([...rest.distance]).toEqual([90, 90, 90, 90]);
  });

  test('exchanges as many places as the schedule of the authors says', async () => {
    const square = new Float32Array(784).fill(0.5);
    const request = { x: square, y: new Int32Array(1), examples: Int32Array.of(0), epsilon: 100 };
    for (const [options, wanted] of [
      [
        { queries: 203, rescaleSchedule: false },
        { 1: 15, 50: 15, 51: 7, 200: 7, 201: 6 },
      ],
      [{ queries: 100 }, { 1: 7, 2: 7, 3: 6, 5: 6, 11: 3, 20: 3, 41: 2, 60: 2, 81: 1 }],
    ] as const) {
      const { classifier, batches } = recorded({ ...constant(2), inputShape: [28, 28, 1] });
      await attack({ ...request, classifier, options });
      const start = batches[1] as Float32Array;
      for (const [query, count] of Object.entries(wanted)) {
        const tried = batches[1 + Number(query)] as Float32Array;
        const taken = [...start.keys()].filter((i) => start[i] !== 0.5 && tried[i] === 0.5);
        expect(taken.length).toBe(count);
      }
    }
  });
});

test('black becomes white and white black', async () => {
  const { classifier, batches } = recorded(constant(2));
  const black = { x: new Float32Array(16), y: new Int32Array(1), examples: Int32Array.of(0) };
  await attack({ ...black, classifier, epsilon: 5, options: { queries: 20 } });
  for (const batch of batches.slice(1, -1)) expect(batch.filter((value) => value === 1).length).toBe(5);
});

test('more queries from the same seed never do worse', async () => {
  let before = await attack({ options: { queries: 1, rescaleSchedule: false } });
  for (const queries of [10, 60, 300]) {
    const after = await attack({ options: { queries, rescaleSchedule: false } });
    const [worse, better] = [margins(before.xAdv), margins(after.xAdv)];
    for (const [i, done] of before.success.entries()) {
      if (done === 1) expect(imageOf(after.xAdv, i)).toEqual(imageOf(before.xAdv, i));
      else expect(better[i]).toBeLessThanOrEqual((worse[i] as number) + 1e-6);
    }
    before = after;
  }
});

test('asks exactly as often as it may', async () => {
  const still = { classifier: constant(4), y: new Int32Array(16) };
  const outcome = await attack({ ...still, options: { queries: 7, restarts: 3 } });
  expect(outcome.forwardCalls).toBe(21 * 16 + 2 * 16);
  expect(outcome.gradientCalls).toBe(0);
});

test.each(['auto', 'margin', 'ce'])('reaches targets by loss %s', async (loss) => {
  const ten = randomLinear(10, 5);
  const labels = Int32Array.from(examples, (i) => linearClass(ten, imageOf(x, i)));
  const target = labels.map((own) => (own + 1) % 10);
  const outcome = await attack({ classifier: ten, y: labels, target, epsilon: 14, options: { loss, queries: 1000 } });
  expect([...outcome.success].every(Boolean)).toBe(true);
});

test('gets where gradients lead nowhere', async () => {
  const dark = { x: new Float32Array(2 * 16).fill(0.45), y: new Int32Array(2), examples: Int32Array.of(0, 1) };
  expect([...(await attack({ ...dark, classifier: step(), epsilon: 4 })).success]).toEqual([1, 1]);
});
