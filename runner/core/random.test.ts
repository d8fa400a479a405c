import { describe, expect, test } from 'vitest';
import { exampleRandom, philox } from './random.ts';

/** Counter, key and output of philox4x32 with 10 rounds, from `kat_vectors` of Random123 1.14. */
const knownAnswers: readonly [name: string, counter: number[], key: number[], out: number[]][] = [
  ['zeros', [0, 0, 0, 0], [0, 0], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]],
  [
    'ones',
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  ],
  [
    'digits of pi',
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
];

test.each(knownAnswers)('philox gives the published words: %s', (_name, counter, key, wanted) => {
  const out = new Uint32Array(4);
  philox(counter as [number, number, number, number], key as [number, number], out);
  expect([...out]).toEqual(wanted);
});

describe('draws per example', () => {
  const random = exampleRandom(7, 'a');

  test('do not depend on the batch, its order or its size', () => {
    const together = random.uniform([3, 9, 4], 2, 10);
    expect(together.slice(10, 20)).toEqual(random.uniform([9], 2, 10));
    expect(random.normal([4, 3], 0, 7).slice(0, 7)).toEqual(random.normal([4], 0, 7));
  });

  test('are a prefix of longer draws', () => {
    expect(random.uniform([1], 0, 5)).toEqual(random.uniform([1], 0, 9).slice(0, 5));
  });

  test('differ by seed, stream, draw and example', () => {
    const base = random.uniform([1], 0, 4);
    expect(exampleRandom(8, 'a').uniform([1], 0, 4)).not.toEqual(base);
    expect(exampleRandom(7, 'b').uniform([1], 0, 4)).not.toEqual(base);
    expect(random.uniform([1], 1, 4)).not.toEqual(base);
    expect(random.uniform([2], 0, 4)).not.toEqual(base);
  });

  test('have the mean and variance of their distribution', () => {
    const size = 40_000;
    const moments = (values: Float32Array) => {
      const mean = values.reduce((sum, v) => sum + v, 0) / size;
      return { mean, variance: values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / size };
    };
    // Five standard errors.
    const uniform = moments(random.uniform([0], 0, size));
    expect(Math.abs(uniform.mean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / size));
    expect(Math.abs(uniform.variance - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / size));
    const normal = moments(random.normal([0], 0, size));
    expect(Math.abs(normal.mean)).toBeLessThan(5 / Math.sqrt(size));
    expect(Math.abs(normal.variance - 1)).toBeLessThan(5 * Math.sqrt(2 / size));
  });
});
