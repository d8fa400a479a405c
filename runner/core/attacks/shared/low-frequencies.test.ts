import { expect, test } from 'vitest';
import { exampleRandom } from '../../random.ts';
import { lowFrequencies } from './low-frequencies.ts';

const shape = [8, 6, 2] as const;
const size = 96;
const noise = () => exampleRandom(1, 'low').normal([0], 0, 3 * size);

/** Coefficient of one cosine of each side in one channel. */
function coefficient(image: Float32Array, u: number, v: number, channel: number): number {
  let sum = 0;
  for (let i = 0; i < 8; i++) {
    for (let j = 0; j < 6; j++) {
      const basis = Math.cos((Math.PI * u * (2 * i + 1)) / 16) * Math.cos((Math.PI * v * (2 * j + 1)) / 12);
      sum += (image[(i * 6 + j) * 2 + channel] as number) * basis;
    }
  }
  return sum;
}

test('what comes out has the low frequencies, in every channel, and no others', () => {
  const images = lowFrequencies(shape, 0.5)(noise());
  for (let start = 0; start < images.length; start += size) {
    const image = images.subarray(start, start + size);
    for (let u = 0; u < 8; u++) {
      for (let v = 0; v < 6; v++) {
        for (const channel of [0, 1]) {
          const value = Math.abs(coefficient(image, u, v, channel));
          if (u < 4 && v < 3) expect(value).toBeGreaterThan(1e-4);
          else expect(value).toBeLessThan(1e-5);
        }
      }
    }
  }
});

test('lengths are kept: the cosines are orthonormal', () => {
  const before = noise();
  const after = lowFrequencies(shape, 0.5)(noise());
  for (const image of [0, 1, 2]) {
    const square = (values: Float32Array, count: number) =>
      values.slice(image * size, image * size + count).reduce((sum, value) => sum + value * value, 0);
    expect(square(after, size) / square(before, 4 * 3 * 2)).toBeCloseTo(1, 4);
  }
});

test('all frequencies are the noise as it came', () => {
  expect(lowFrequencies(shape, 1)(noise())).toEqual(noise());
});
