import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { distances } from '../metrics/judge.ts';
import type { Classifier } from '../models/classifier.ts';
import { constant, onePixel, radial, randomLinear, scaled, step } from '../testing/classifiers.ts';
import { randomImages } from '../testing/images.ts';
import {
  linearClass,
  linearDistanceL2,
  linearLogits,
  linearWorstMarginLinf,
  marginWeights,
} from '../testing/oracles.ts';
import { findAttack } from './index.ts';
import { type AttackRequest, runAttack } from './run.ts';
import { oppositeBumps } from './shared/square-bump.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const model = randomLinear(10, 5);
const { x, examples, size } = randomImages(20, model.inputShape, 3);
const imageOf = (images: Float32Array, i: number, values = size) => images.slice(i * values, (i + 1) * values);
const images = [...examples].map((i) => imageOf(x, i));
const y = Int32Array.from(images, (image) => linearClass(model, image));

function attack(changes: Partial<AttackRequest> = {}) {
  const request = { classifier: model, x, y, target: null, examples, norm: 'Linf', epsilon: 0.05 } as const;
  return runAttack({ ...request, attack: findAttack('square'), options: {}, seed: 1, stream: 'test', ...changes });
}

/** Logit of the own class less the largest other one, of each image that came out. */
function margins(xAdv: Float32Array, of = model, labels = y) {
  return [...labels].map((own, i) => {
    const z = linearLogits(of, imageOf(xAdv, i));
    return (z[own] as number) - Math.max(...z.filter((_value, c) => c !== own));
  });
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

describe('L∞', () => {
  test('comes to the closed-form worst case of a linear model of two classes', async () => {
    const two = randomLinear(2, 5);
    const labels = Int32Array.from(images, (image) => linearClass(two, image));
    const worst = images.map((image, i) => linearWorstMarginLinf(two, image, labels[i] as number, 0.02));
    const outcome = await attack({ classifier: two, y: labels, epsilon: 0.02, options: { queries: 1500 } });
    expect([...outcome.success]).toEqual(worst.map((margin) => (margin < 0 ? 1 : 0)));
    expect(worst.filter((margin) => margin > 0).length).toBeGreaterThan(5);
    for (const [i, margin] of margins(outcome.xAdv, two, labels).entries()) {
      if (outcome.success[i] === 0) expect(margin).toBeCloseTo(worst[i] as number, 5);
    }
  });

  test.each([0.02, 0.05, 0.1])('finds what there is to find among ten classes, ε %s', async (epsilon) => {
    const worst = images.map((image, i) => linearWorstMarginLinf(model, image, y[i] as number, epsilon));
    const outcome = await attack({ epsilon, options: { queries: 1000, restarts: 3 } });
    expect([...outcome.success]).toEqual(worst.map((margin) => (margin < 0 ? 1 : 0)));
  });

  test.each([0, 5, 15])('finds the only value that matters, be it in the last row and column: %s', async (index) => {
    const grey = new Float32Array(4 * 16).fill(0.45);
    const request = { classifier: onePixel(index), x: grey, y: new Int32Array(4), examples: Int32Array.of(0, 1, 2, 3) };
    const found = await attack({ ...request, epsilon: 0.051, options: { queries: 400 } });
    expect([...found.success]).toEqual([1, 1, 1, 1]);
    const held = await attack({ ...request, epsilon: 0.049, options: { queries: 400 } });
    expect([...held.success]).toEqual([0, 0, 0, 0]);
  });

  test('every image that it asks about is at the edges of the ball and the pixel range', async () => {
    const { classifier, batches } = recorded(constant(2));
    await attack({ classifier, y: new Int32Array(20), epsilon: 0.3, options: { queries: 30 } });
    expect(batches.length).toBe(32);
    for (const batch of batches.slice(1, -1)) {
      for (const [i, value] of batch.entries()) {
        const origin = x[i] as number;
        const edges = [Math.max(0, origin - 0.3), Math.min(1, origin + 0.3)];
        expect(Math.min(...edges.map((edge) => Math.abs(value - edge)))).toBeLessThan(1e-7);
      }
    }
  });
});

describe('the schedule', () => {
  const count = 24;
  const grey = new Float32Array(count * 784).fill(0.5);

  /** Side of the largest change against the start that any row tries, query by query; nothing is ever kept. */
  async function sides(options: Record<string, number | boolean>) {
    const { classifier, batches } = recorded({ ...constant(2), inputShape: [28, 28, 1] });
    const rows = Int32Array.from({ length: count }, (_, i) => i);
    await attack({ classifier, x: grey, y: new Int32Array(count), examples: rows, options });
    const [, start = grey, ...tried] = batches;
    return tried.map((batch) => {
      const reaches = [...rows].flatMap((row) => {
        const changed = [...imageOf(batch, row, 784).keys()].filter(
          (i) => batch[row * 784 + i] !== start[row * 784 + i],
        );
        const extent = (values: number[]) => (values.length === 0 ? 0 : Math.max(...values) - Math.min(...values) + 1);
        return [extent(changed.map((i) => Math.floor(i / 28))), extent(changed.map((i) => i % 28))];
      });
      return Math.max(...reaches);
    });
  }

  test('halves the share of pixels after the moves that the authors give', async () => {
    const found = await sides({ queries: 204 });
    for (const [move, side] of Object.entries({ 0: 25, 10: 25, 11: 18, 50: 18, 51: 13, 200: 13, 201: 9 })) {
      expect(found[Number(move)]).toBe(side);
    }
  });

  test('can be stretched or shrunk to the queries there are', async () => {
    const found = await sides({ queries: 100, rescaleSchedule: true });
    const wanted = { 0: 25, 1: 13, 2: 13, 3: 9, 5: 9, 6: 6, 11: 4, 21: 3, 41: 2, 61: 2, 81: 1, 98: 1 };
    for (const [move, side] of Object.entries(wanted)) expect(found[Number(move)]).toBe(side);
  });
});

test.each(['L2', 'L1'] as const)('a change that nothing clips is as long as the ball allows, in %s', async (norm) => {
  const { classifier, batches } = recorded(randomLinear(2, 4, [12, 10, 3]));
  const { x: inner, size: values } = randomImages(6, [12, 10, 3], 3, 0.1);
  const labels = Int32Array.from({ length: 6 }, (_, i) =>
    linearClass(randomLinear(2, 4, [12, 10, 3]), imageOf(inner, i, values)),
  );
  const request = { classifier, x: inner, y: labels, examples: examples.slice(0, 6), norm };
  await attack({ ...request, epsilon: 0.01, options: { queries: 100 } });
  for (const batch of batches.slice(1, -1).filter(({ length }) => length === inner.length)) {
    for (const distance of distances(inner, batch, values, norm)) expect(distance / 0.01).toBeCloseTo(1, 3);
  }
});

describe('L2', () => {
  test('a linear model gives way at twice the smallest distance, whatever its weights, and not below it', async () => {
    const two = randomLinear(2, 5);
    const { x: inner } = randomImages(12, two.inputShape, 3, 0.2);
    for (let i = 0; i < 12; i++) {
      const image = imageOf(inner, i);
      const label = linearClass(two, image);
      const least = linearDistanceL2(two, image, label);
      const request = {
        classifier: two,
        x: image,
        y: Int32Array.of(label),
        examples: Int32Array.of(i),
        norm: 'L2',
      } as const;
      expect((await attack({ ...request, epsilon: 2 * least, options: { queries: 500 } })).success[0]).toBe(1);
      expect((await attack({ ...request, epsilon: 0.999 * least, options: { queries: 300 } })).success[0]).toBe(0);
    }
  });

  test('leaves a sphere when the ball allows it, and only then', async () => {
    const request = {
      classifier: radial(0.5),
      x: new Float32Array(32).fill(0.5),
      y: new Int32Array(2),
      norm: 'L2',
    } as const;
    const options = { queries: 50 };
    for (const [epsilon, wanted] of [
      [0.501, 1],
      [0.499, 0],
    ] as const) {
      const outcome = await attack({ ...request, examples: Int32Array.of(0, 1), epsilon, options });
      expect([...outcome.success]).toEqual([wanted, wanted]);
    }
  });

  test('the bumps are those of equation 2, opposite, and of length 1 together', () => {
    const length = Math.hypot(...[0.25, 1.25, 0.25, 1.25]);
    const wanted = [0.25, 1.25, -0.25, -1.25].map((value) => value / length);
    for (const [i, value] of oppositeBumps(2, 2).entries()) expect(value).toBeCloseTo(wanted[i] as number, 12);
    for (const side of [1, 3, 5, 8, 25]) expect(Math.hypot(...oppositeBumps(side, 2))).toBeCloseTo(1, 12);
    const six = oppositeBumps(6, 2);
    for (let i = 0; i < 18; i++) expect(six[i]).toBeCloseTo(-(six[i + 18] as number), 12);
    expect([...oppositeBumps(1, 2)]).toEqual([-1]);
  });
});

describe('L1', () => {
  test('a linear model gives way at six times the smallest distance, and not below it', async () => {
    const two = randomLinear(2, 5);
    const { x: inner } = randomImages(12, two.inputShape, 3, 0.2);
    for (let i = 0; i < 12; i++) {
      const image = imageOf(inner, i);
      const label = linearClass(two, image);
      const [z, weights] = [linearLogits(two, image), marginWeights(two, label, 1 - label)];
      const least = ((z[label] as number) - (z[1 - label] as number)) / Math.max(...weights.map(Math.abs));
      const request = {
        classifier: two,
        x: image,
        y: Int32Array.of(label),
        examples: Int32Array.of(i),
        norm: 'L1',
      } as const;
      expect((await attack({ ...request, epsilon: 6 * least, options: { queries: 500 } })).success[0]).toBe(1);
      expect((await attack({ ...request, epsilon: 0.999 * least, options: { queries: 300 } })).success[0]).toBe(0);
    }
  });

  test('finds the value that matters in the black, where the pixel range leaves only one way', async () => {
    const black = { x: new Float32Array(32).fill(0.05), y: new Int32Array(2), examples: Int32Array.of(0, 1) };
    const request = { ...black, classifier: onePixel(6), norm: 'L1' } as const;
    expect([...(await attack({ ...request, epsilon: 2 })).success]).toEqual([1, 1]);
    expect([...(await attack({ ...request, epsilon: 0.449 })).success]).toEqual([0, 0]);
  });

  test('its bumps are of length 1 in L1 and fall faster', () => {
    const wanted = [1, 17, -1, -17].map((value) => value / 36);
    for (const [i, value] of oppositeBumps(2, 1).entries()) expect(value).toBeCloseTo(wanted[i] as number, 12);
    for (const side of [1, 3, 5, 8]) {
      expect(oppositeBumps(side, 1).reduce((sum, value) => sum + Math.abs(value), 0)).toBeCloseTo(1, 12);
    }
  });
});

describe.each(['Linf', 'L2', 'L1'] as const)('in %s', (norm) => {
  const epsilon = { Linf: 0.02, L2: 0.05, L1: 0.15 }[norm];

  test('more queries from the same seed never do worse', async () => {
    let before = await attack({ norm, epsilon, options: { queries: 1 } });
    for (const queries of [10, 60, 300]) {
      const after = await attack({ norm, epsilon, options: { queries } });
      const [worse, better] = [margins(before.xAdv), margins(after.xAdv)];
      for (const [i, done] of before.success.entries()) {
        if (done === 1) expect(imageOf(after.xAdv, i)).toEqual(imageOf(before.xAdv, i));
        else expect(better[i]).toBeLessThanOrEqual((worse[i] as number) + 1e-6);
      }
      before = after;
    }
  });

  test('asks exactly as often as it may, and not again after a success', async () => {
    const still = { classifier: constant(4), y: new Int32Array(20), norm };
    const rest = 2 * 20;
    expect((await attack({ ...still, options: { queries: 7 } })).forwardCalls).toBe(7 * 20 + rest);
    expect((await attack({ ...still, options: { queries: 7, restarts: 3 } })).forwardCalls).toBe(21 * 20 + rest);
    const fallen = await attack({ norm, epsilon: 3, options: { queries: 500, restarts: 3 } });
    expect([...fallen.success].every(Boolean)).toBe(true);
    expect(fallen.forwardCalls).toBeLessThan(50 * 20);
    expect(fallen.gradientCalls).toBe(0);
  });

  test('the scale of the logits changes nothing', async () => {
    const plain = await attack({ norm, epsilon, options: { queries: 100 } });
    for (const factor of [2 ** 40, 2 ** -40]) {
      const outcome = await attack({ norm, epsilon, classifier: scaled(model, factor), options: { queries: 100 } });
      expect(outcome.xAdv).toEqual(plain.xAdv);
    }
  });

  test.each(['auto', 'margin', 'ce'])('reaches targets by loss %s', async (loss) => {
    const target = y.map((own) => (own + 1) % 10);
    const outcome = await attack({
      norm,
      epsilon: { Linf: 0.5, L2: 2, L1: 8 }[norm],
      target,
      options: { loss, queries: 1000 },
    });
    expect([...outcome.success].every(Boolean)).toBe(true);
  });

  test('gets where gradients lead nowhere', async () => {
    const dark = { x: new Float32Array(2 * 16).fill(0.45), y: new Int32Array(2), examples: Int32Array.of(0, 1) };
    const outcome = await attack({ ...dark, classifier: step(), norm, epsilon: { Linf: 0.3, L2: 1.2, L1: 5 }[norm] });
    expect([...outcome.success]).toEqual([1, 1]);
  });

  test('images may be longer than high and have channels', async () => {
    const shape = [3, 7, 3] as const;
    const wide = randomLinear(3, 8, shape);
    const { x: pictures, size: values } = randomImages(8, shape, 2, 0.3);
    const labels = Int32Array.from({ length: 8 }, (_, i) => linearClass(wide, imageOf(pictures, i, values)));
    const request = { classifier: wide, x: pictures, y: labels, examples: examples.slice(0, 8), norm };
    const outcome = await attack({
      ...request,
      epsilon: { Linf: 0.3, L2: 1.5, L1: 12 }[norm],
      options: { queries: 500 },
    });
    expect([...outcome.success].every(Boolean)).toBe(true);
  });
});
