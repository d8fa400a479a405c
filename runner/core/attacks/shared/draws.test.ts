import { expect, test } from 'vitest';
import { exampleRandom } from '../../random.ts';
import { drawsOf } from './draws.ts';

const random = exampleRandom(3, 'draws');
const count = 400;
const size = 100;

/** Mean of a power of the values. */
const moment = (values: Float32Array, power: number) =>
  values.reduce((sum, value) => sum + value ** power, 0) / values.length;

test('uniform values have the moments of [−1, 1] and stay inside', () => {
  const values = drawsOf(random, 0, size).uniform(count);
  expect(values).toHaveLength(count * size);
  expect(Math.abs(moment(values, 1))).toBeLessThan(0.015);
  expect(moment(values, 2)).toBeCloseTo(1 / 3, 2);
  expect(moment(values, 4)).toBeCloseTo(1 / 5, 2);
  expect(Math.max(...values)).toBeLessThan(1);
  expect(Math.min(...values)).toBeGreaterThan(-1);
});

test('normal values have the moments of N(0, 1)', () => {
  const values = drawsOf(random, 0, size).normal(count);
  expect(Math.abs(moment(values, 1))).toBeLessThan(0.025);
  expect(Math.abs(moment(values, 2) - 1)).toBeLessThan(0.035);
  expect(Math.abs(moment(values, 4) - 3)).toBeLessThan(0.25);
  // Probabilities of a few intervals, as in every table of the distribution.
  const below = (limit: number) => values.filter((value) => value < limit).length / values.length;
  for (const [limit, wanted] of [
    [-1.645, 0.05],
    [-0.674, 0.25],
    [0, 0.5],
    [1.282, 0.9],
  ] as const)
    expect(Math.abs(below(limit) - wanted)).toBeLessThan(0.013);
});

test('each draw is another, and the same again for the same example', () => {
  const [first, second, other] = [drawsOf(random, 1, 8), drawsOf(random, 1, 8), drawsOf(random, 2, 8)];
  const one = first.normal(2);
  expect(second.normal(2)).toEqual(one);
  expect(first.normal(2)).not.toEqual(one);
  expect(other.normal(2)).not.toEqual(one);
});
