import { expect, test } from 'vitest';
import { exampleRandom } from '../../random.ts';
import { adversarialStart } from './adversarial-start.ts';
import { drawsOf } from './draws.ts';
import type { Searched } from './label-search.ts';

const shape = [14, 14, 1] as const;
const size = 196;

function start(trials: number, adversarial: (image: Float32Array, trial: number) => boolean) {
  const draws = drawsOf(exampleRandom(1, 'start'), 0, size);
  const x = new Float32Array(size);
  const searched: Searched = { x, shape, norm: 'L2', epsilon: Number.POSITIVE_INFINITY, draws, left: () => trials };
  const steps = adversarialStart(searched, trials);
  const images: Float32Array[] = [];
  let next = steps.next();
  while (next.done !== true) {
    const first = images.length;
    for (let at = 0; at < next.value.length; at += size) images.push(next.value.slice(at, at + size));
    next = steps.next(Uint8Array.from(images.slice(first), (image, i) => Number(adversarial(image, first + i))));
  }
  return { found: next.value, images };
}

test('is uniform noise first, then coarse noise in turn, all in the pixel range', () => {
  const { found, images } = start(300, () => false);
  expect(found).toBeNull();
  expect(images).toHaveLength(300);
  const values = images.map((image) => new Set(image).size);
  // 196 pixels of 256 levels; 7 × 7 and 4 × 4 cells.
  for (const trial of [0, 2, 4, 100]) expect(values[trial]).toBeGreaterThan(80);
  for (const trial of [1, 5, 101]) {
    expect(values[trial]).toBeGreaterThan(25);
    expect(values[trial]).toBeLessThanOrEqual(49);
  }
  for (const trial of [3, 7, 103]) expect(values[trial]).toBeLessThanOrEqual(16);
  expect(images.every((image) => image.every((value) => value >= 0 && value <= 1))).toBe(true);
});

test('is the first that is adversarial, and costs no more than twice the images up to it', () => {
  const { found, images } = start(300, (_image, trial) => trial === 37 || trial === 50);
  expect(found).toEqual(images[37]);
  expect(images.length).toBeLessThanOrEqual(2 * 38);
  expect(start(300, () => true).images).toHaveLength(1);
});
