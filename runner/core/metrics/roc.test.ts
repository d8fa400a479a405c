import { describe, expect, test } from 'vitest';
import { exampleRandom } from '../random.ts';
import { areaUnderRoc, rocCurve, shareAbove, thresholdFor } from './roc.ts';

const hundred = Array.from({ length: 100 }, (_, i) => (37 * i) % 100);

describe('a threshold for a rate of false alarms', () => {
  test.each([
    [0, 99],
    [0.05, 94],
    [0.5, 49],
    [0.99, 0],
  ])('of %d', (rate, expected) => {
    expect(thresholdFor(hundred, rate)).toBe(expected);
    expect(shareAbove(hundred, expected)).toBe(rate);
  });

  test('with ties lets no more through than allowed', () => {
    expect(thresholdFor([0, 0, 0, 1, 1, 1, 1, 2], 0.5)).toBe(1);
    expect(shareAbove([0, 0, 0, 1, 1, 1, 1, 2], 1)).toBe(1 / 8);
  });
});

describe('the area under the curve', () => {
  test('is the share of pairs in the right order, ties as a half', () => {
    const [negatives, positives] = [
      [1, 2, 2, 3],
      [2, 3, 5],
    ];
    let pairs = 0;
    for (const p of positives) for (const n of negatives) pairs += p > n ? 1 : p === n ? 0.5 : 0;
    expect(areaUnderRoc(negatives, positives).value).toBeCloseTo(pairs / 12, 12);
  });

  test('is 1 for what is told apart, 0.5 for what is the same, 0 for the wrong way round', () => {
    expect(areaUnderRoc([0, 1], [2, 3])).toEqual({ value: 1, low: 1, high: 1 });
    expect(areaUnderRoc(hundred, hundred).value).toBeCloseTo(0.5, 12);
    expect(areaUnderRoc([2, 3], [0, 1]).value).toBe(0);
  });

  test('has an interval as wide as areas of samples scatter', () => {
    // Exponential scores, of mean 4 and of mean 1: the true area is 4/5, and the formula exact.
    const [samples, m, n] = [400, 30, 40];
    const found = Array.from({ length: samples }, (_, sample) => {
      const draws = exampleRandom(sample, 'roc').uniform([0], 0, m + n);
      const scores = Array.from(draws, (u, i) => (i < m ? -4 : -1) * Math.log(1 - u));
      return areaUnderRoc(scores.slice(m), scores.slice(0, m));
    });
    const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / samples;
    const mean = meanOf(found.map(({ value }) => value));
    const spread = Math.sqrt(meanOf(found.map(({ value }) => (value - mean) ** 2)));
    expect(mean).toBeCloseTo(0.8, 1);
    const stated = meanOf(found.map(({ low, value }) => (value - low) / 1.959963984540054));
    expect(stated / spread).toBeGreaterThan(0.88);
    expect(stated / spread).toBeLessThan(1.12);
  });
});

test('the curve rises from what beats every negative to everything', () => {
  const curve = rocCurve([0, 1, 2, 3], [1, 3, 4, 5], [0, 0.25, 0.5, 0.75, 1]);
  expect(curve.map(({ y }) => y)).toEqual([0.5, 0.75, 0.75, 1, 1]);
});
