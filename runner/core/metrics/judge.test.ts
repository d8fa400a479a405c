import { expect, test } from 'vitest';
import { adversarial, distances, inBall, inBox, nonFiniteRows, predictions } from './judge.ts';

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;

/** Logits of one row each, and the class that they mean. */
const rows: [string, number[], number][] = [
  ['the largest', [1, 3, 2], 1],
  ['the largest of negative ones', [-5, -3, -4], 1],
  ['a tie at the top is no class', [2, 1, 2], -1],
  ['a tie below the top is none of its business', [1, 1, 2], 2],
  ['a tie that is overtaken', [1, 1, 1.5], 2],
  ['all the same is no class', [0, 0, 0], -1],
  ['NaN is no class', [nan, 1, 2], -1],
  ['NaN at the end is no class', [1, 2, nan], -1],
  ['an infinity is no class', [1, infinity, 2], -1],
  ['nor is a negative one', [1, -infinity, 2], -1],
];

test.each(rows)('predictions: %s', (_name, logits, wanted) => {
  expect([...predictions(Float32Array.from(logits), 3)]).toEqual([wanted]);
});

test('rows are judged one by one', () => {
  const logits = Float32Array.of(1, 0, 0, 1, nan, 0);
  expect([...predictions(logits, 2)]).toEqual([0, 1, -1]);
  expect([...nonFiniteRows(logits, 2)]).toEqual([0, 0, 1]);
});

test('success: another class, or the target; what is not finite always; a tie only without a target', () => {
  const logits = Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 0, nan, 0, 0);
  const y = [0, 0, 0, 0, 0];
  expect([...adversarial(logits, 3, y, null)]).toEqual([0, 1, 1, 1, 1]);
  expect([...adversarial(logits, 3, y, [1, 1, 1, 1, 1])]).toEqual([0, 1, 0, 0, 1]);
});

test('distances in each norm', () => {
  const x = Float32Array.of(0, 0.5, 1, 0.25, 0.25, 0.25);
  const xAdv = Float32Array.of(0, 0.25, 0.5, 0.25, 0.25, 0.25);
  expect([...distances(x, xAdv, 3, 'L0')]).toEqual([2, 0]);
  expect([...distances(x, xAdv, 3, 'L1')]).toEqual([0.75, 0]);
  expect([...distances(x, xAdv, 3, 'L2')]).toEqual([Math.sqrt(0.3125), 0]);
  expect([...distances(x, xAdv, 3, 'Linf')]).toEqual([0.5, 0]);
});

test('the smallest change there is counts as one', () => {
  expect(distances(Float32Array.of(0), Float32Array.of(1e-45), 1, 'L0')[0]).toBe(1);
});

test('no distance to NaN', () => {
  for (const norm of ['L1', 'L2', 'Linf'] as const) {
    expect(inBall(distances(Float32Array.of(0, 0), Float32Array.of(nan, 0), 2, norm)[0] as number, 1)).toBe(false);
  }
});

test('the ball forgives rounding and no more', () => {
  expect(inBall(0.3 * (1 + 1e-6), 0.3)).toBe(true);
  expect(inBall(0.3 * (1 + 2e-6), 0.3)).toBe(false);
  expect(inBall(0, 0)).toBe(true);
  expect(inBall(1e-30, 0)).toBe(false);
  expect(inBall(5, infinity)).toBe(true);
});

test('the box forgives nothing', () => {
  const values = Float32Array.of(0, 1, 0, -1e-7, 1.0000001, 0, nan, 0);
  expect([...inBox(values, 2)]).toEqual([1, 0, 0, 0]);
});
