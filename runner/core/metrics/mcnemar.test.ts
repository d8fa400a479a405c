import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mcNemar } from './mcnemar.ts';

test('one in dispute proves nothing, six all one way do', () => {
  expect(mcNemar(0, 0)).toBe(1);
  expect(mcNemar(1, 0)).toBe(1);
  expect(mcNemar(0, 5)).toBeCloseTo(0.0625, 12);
  expect(mcNemar(6, 0)).toBeCloseTo(0.03125, 12);
});

test('a textbook split: 4 against 14', () => {
  // 2 · (1 + 18 + 153 + 816 + 3060) / 2^18
  expect(mcNemar(4, 14)).toBeCloseTo((2 * 4048) / 2 ** 18, 12);
});

test('symmetric, within (0, 1], and finite for ten thousand', () => {
  fc.assert(
    fc.property(fc.nat(5000), fc.nat(5000), (b, c) => {
      const p = mcNemar(b, c);
      expect(p).toBe(mcNemar(c, b));
      expect(p).toBeGreaterThanOrEqual(0);
      expect(p).toBeLessThanOrEqual(1);
    }),
  );
  expect(mcNemar(5000, 5000)).toBe(1);
  expect(mcNemar(4800, 5200)).toBeCloseTo(6.6e-5, 5);
});

test('counts that are none are refused', () => {
  expect(() => mcNemar(-1, 2)).toThrow(RangeError);
  expect(() => mcNemar(1.5, 2)).toThrow('1.5');
});
