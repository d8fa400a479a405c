import { expect, test } from 'vitest';
import { distanceFrom, towards } from './towards.ts';

const x = Float32Array.of(0.5, 0.5, 0, 1);
const far = Float32Array.of(0.75, 0.375, 0, 0);

test('distances', () => {
  expect(distanceFrom(x, far, 'Linf')).toBe(1);
  expect(distanceFrom(x, far, 'L2')).toBeCloseTo(Math.hypot(0.25, 0.125, 1), 12);
});

test('L2 goes along the segment, and past its end within the pixel range', () => {
  expect([...towards(x, far, 'L2', 0)]).toEqual([...x]);
  expect([...towards(x, far, 'L2', 0.5)]).toEqual([0.625, 0.4375, 0, 0.5]);
  expect([...towards(x, far, 'L2', 1)]).toEqual([...far]);
  expect([...towards(x, far, 'L2', 2)]).toEqual([1, 0.25, 0, 0]);
});

test('L∞ shrinks the largest changes and leaves the small ones', () => {
  expect([...towards(x, far, 'Linf', 0)]).toEqual([...x]);
  expect([...towards(x, far, 'Linf', 0.1875)]).toEqual([0.6875, 0.375, 0, 0.8125]);
  expect([...towards(x, far, 'Linf', 1)]).toEqual([...far]);
  expect([...towards(x, far, 'Linf', 2)]).toEqual([1, 0.25, 0, 0]);
});
