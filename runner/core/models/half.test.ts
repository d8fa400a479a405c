import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromHalf, toHalf } from './half.ts';

test('every number of half precision is the nearest to itself, to the bit', () => {
  const halves = Array.from({ length: 1 << 16 }, (_, bits) => bits).filter((bits) => !Number.isNaN(fromHalf(bits)));
  expect(halves).toHaveLength((1 << 16) - 2 * 1023);
  expect(halves.filter((bits) => toHalf(fromHalf(bits)) !== bits)).toEqual([]);
  expect(fromHalf(toHalf(Number.NaN))).toBeNaN();
});

test('a number between two goes to the nearer, and from the middle to the even one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0x7bfe }), fc.double({ min: 0, max: 1, noNaN: true }), (bits, share) => {
      const [low, high] = [fromHalf(bits), fromHalf(bits + 1)];
      const middle = (low + high) / 2;
      expect(toHalf(middle)).toBe(bits % 2 === 0 ? bits : bits + 1);
      expect(toHalf(-middle)).toBe(0x8000 | (bits % 2 === 0 ? bits : bits + 1));
      const value = Math.fround(low + share * (high - low));
      if (value !== middle) expect(toHalf(value)).toBe(value < middle ? bits : bits + 1);
    }),
  );
});

test('beyond its range lies infinity, from half a step beyond the largest', () => {
  expect([65504, 65519.996, 65520, -1e30].map(toHalf)).toEqual([0x7bff, 0x7bff, 0x7c00, 0xfc00]);
  expect([1e-45, 2 ** -25, -0].map(toHalf)).toEqual([0, 0, 0x8000]);
});
