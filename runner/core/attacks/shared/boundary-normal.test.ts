import { expect, test } from 'vitest';
import { exampleRandom } from '../../random.ts';
import { boundaryNormal } from './boundary-normal.ts';
import { drawsOf } from './draws.ts';

const SIZE = 16;
const random = exampleRandom(5, 'normal');

/** The estimate where `adversarial` decides, and how many images it was asked about. */
function estimate(point: Float32Array, probes: number, radius: number, adversarial: (image: Float32Array) => boolean) {
  const { normal } = drawsOf(random, 0, SIZE);
  const steps = boundaryNormal(point, probes, radius, normal);
  let asked = 0;
  let next = steps.next();
  while (next.done !== true) {
    const images = next.value;
    const count = images.length / SIZE;
    asked += count;
    const answer = Uint8Array.from({ length: count }, (_, i) =>
      Number(adversarial(images.subarray(i * SIZE, (i + 1) * SIZE))),
    );
    next = steps.next(answer);
  }
  return { direction: next.value, asked };
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, value, i) => sum + value * (b[i] as number), 0);
const cosine = (a: ArrayLike<number>, b: ArrayLike<number>) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));

const weights = random.normal([1], 0, SIZE);
const grey = new Float32Array(SIZE).fill(0.5);
/** Adversarial on one side of a plane; the grey image lies `offset` probe radii inside the adversarial side. */
const plane = (offset: number) => (image: Float32Array) =>
  dot(weights, image) - dot(weights, grey) > -offset * 0.01 * Math.sqrt(dot(weights, weights));

test('is the normal of a plane, the better the more probes there are', () => {
  const few = cosine(estimate(grey, 50, 0.01, plane(0)).direction, weights);
  const many = cosine(estimate(grey, 5000, 0.01, plane(0)).direction, weights);
  expect(few).toBeGreaterThan(0.6);
  expect(many).toBeGreaterThan(0.99);
});

test('is no worse where most neighbours are on one side, and something where all are', () => {
  // Two standard deviations of a probe's component along the normal.
  const side = cosine(estimate(grey, 5000, 0.01, plane(0.5)).direction, weights);
  expect(side).toBeGreaterThan(0.95);
  const inside = estimate(grey, 100, 0.01, () => true);
  expect(dot(inside.direction, inside.direction)).toBeGreaterThan(0);
});

test('asks about as many neighbours as it was told, at the distance that it was told', () => {
  const seen: number[] = [];
  const { asked } = estimate(grey, 150, 0.02, (image) => {
    seen.push(Math.sqrt(Array.from(image).reduce((sum, value) => sum + (value - 0.5) ** 2, 0)));
    return true;
  });
  expect(asked).toBe(150);
  for (const distance of seen) expect(distance).toBeCloseTo(0.02, 6);
});

test('stays in the pixel range, and takes what clipping left for the change', () => {
  const black = new Float32Array(SIZE);
  let outside = 0;
  const { direction } = estimate(black, 3000, 0.01, (image) => {
    if (!image.every((value) => value >= 0 && value <= 1)) outside++;
    return (image[2] as number) > 0.002;
  });
  expect(outside).toBe(0);
  const largest = direction.indexOf(Math.max(...direction));
  expect(largest).toBe(2);
});
