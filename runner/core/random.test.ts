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
  philox(...(counter as [number, number, number, number]), ...(key as [number, number]), out);
  expect([...out]).toEqual(wanted);
});

test('philox agrees with the same in 64-bit integers', () => {
  const words = exampleRandom(1, 'words').uniform([0], 0, 600);
  const out = new Uint32Array(4);
  for (let i = 0; i < words.length; i += 6) {
    const [c0, c1, c2, c3, k0, k1] = Array.from(words.slice(i, i + 6), (u) => Math.floor(u * 2 ** 32)) as Six;
    philox(c0, c1, c2, c3, k0, k1, out);
    expect([...out]).toEqual(slowPhilox([c0, c1, c2, c3].map(BigInt), [k0, k1].map(BigInt)));
  }
});

type Six = [number, number, number, number, number, number];

/** The definition: fig. 4 of the paper, ten rounds. */
function slowPhilox(counter: bigint[], key: bigint[]): number[] {
  const word = (value: bigint) => value & 0xffffffffn;
  let [c0, c1, c2, c3] = counter as [bigint, bigint, bigint, bigint];
  let [k0, k1] = key as [bigint, bigint];
  for (let round = 0; round < 10; round++) {
    const p0 = 0xd2511f53n * c0;
    const p1 = 0xcd9e8d57n * c2;
    [c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, word(p1), (p0 >> 32n) ^ c3 ^ k1, word(p0)];
    [k0, k1] = [word(k0 + 0x9e3779b9n), word(k1 + 0xbb67ae85n)];
  }
  return [c0, c1, c2, c3].map(Number);
}

describe('draws per example', () => {
  const random = exampleRandom(7, 'a');

  test('do not depend on the batch, its order or its size', () => {
    const together = random.uniform([3, 9, 4], 2, 10);
    expect(together.slice(10, 20)).toEqual(random.uniform([9], 2, 10));
    expect(random.normal([4, 3], 0, 7).slice(0, 7)).toEqual(random.normal([4], 0, 7));
    expect(random.bytes([4, 3], 0, 21).slice(21)).toEqual(random.bytes([3], 0, 21));
  });

  test('are a prefix of longer draws', () => {
    expect(random.uniform([1], 0, 5)).toEqual(random.uniform([1], 0, 9).slice(0, 5));
    expect(random.normal([1], 0, 5)).toEqual(random.normal([1], 0, 9).slice(0, 5));
    expect(random.bytes([1], 0, 5)).toEqual(random.bytes([1], 0, 40).slice(0, 5));
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
    const counts = new Float64Array(256);
    const each = 4096;
    for (const byte of random.bytes([0], 0, 256 * each)) counts[byte] = (counts[byte] as number) + 1;
    // Chi-square of 255 degrees of freedom: mean 255, standard deviation 22.6.
    const chiSquare = counts.reduce((sum, count) => sum + (count - each) ** 2 / each, 0);
    expect(Math.abs(chiSquare - 255)).toBeLessThan(5 * 22.6);
  });
});
