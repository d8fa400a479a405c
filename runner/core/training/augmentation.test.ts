import { expect, test } from 'vitest';
import { augment } from './augmentation.ts';

const key = { seed: 3, stream: 'net', epoch: 0 };
/** Two rows of three pixels of two channels, all values different and none 0. */
const image = Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
const shape = [2, 3, 2] as const;
const mirrored = [5, 6, 3, 4, 1, 2, 11, 12, 9, 10, 7, 8];

const seen = (examples: number[], settings: { mirror: boolean; shift: number }, at = key) => {
  const images = new Float32Array(examples.length * image.length);
  for (const row of examples.keys()) images.set(image, row * image.length);
  const result = augment(images, shape, examples, settings, at);
  return examples.map((_, row) => [...result.subarray(row * image.length, (row + 1) * image.length)]);
};

test('mirroring turns about half of the images around, pixel by pixel, channels kept', () => {
  const rows = seen(
    Array.from({ length: 1000 }, (_, i) => i),
    { mirror: true, shift: 0 },
  );
  for (const row of rows) expect([[...image].join(), mirrored.join()]).toContain(row.join());
  const share = rows.filter((row) => row.join() === mirrored.join()).length / rows.length;
  // Four standard deviations of 1,000 fair coins.
  expect(Math.abs(share - 0.5)).toBeLessThan(0.064);
});

test('moving by at most one pixel gives the nine moved images, black at the edge, each about equally often', () => {
  const value = (i: number, j: number, c: number) =>
    i < 0 || i > 1 || j < 0 || j > 2 ? 0 : (image[(i * 3 + j) * 2 + c] as number);
  const moved = [-1, 0, 1].flatMap((down) =>
    [-1, 0, 1].map((right) =>
      [0, 1].flatMap((i) => [0, 1, 2].flatMap((j) => [0, 1].map((c) => value(i - down, j - right, c)))).join(),
    ),
  );
  const rows = seen(
    Array.from({ length: 900 }, (_, i) => i),
    { mirror: false, shift: 1 },
  ).map((row) => row.join());
  const counts = moved.map((wanted) => rows.filter((row) => row === wanted).length);
  expect(counts.reduce((a, b) => a + b)).toBe(900);
  for (const count of counts) expect(Math.abs(count - 100)).toBeLessThan(40);
});

test('the draws belong to the example and the epoch, not to the batch', () => {
  const settings = { mirror: true, shift: 1 };
  const together = seen([5, 6, 7, 8], settings);
  expect([...seen([5, 6], settings), ...seen([7, 8], settings)]).toEqual(together);
  expect(seen([5, 6, 7, 8], settings, { ...key, epoch: 1 })).not.toEqual(together);
});

test('without either, images stay untouched', () => {
  expect(augment(image, shape, [0], { mirror: false, shift: 0 }, key)).toBe(image);
});
