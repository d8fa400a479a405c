import { describe, expect, test } from 'vitest';
import { distances } from '../../metrics/judge.ts';
import { exampleRandom } from '../../random.ts';
import { changeOntoPlane, lengthIn } from '../../testing/planes.ts';
import { distanceIn, fabStepper } from './fab-step.ts';
import { convexNorms } from './row-norms.ts';

const SIZE = 40;
const random = exampleRandom(9, 'fab');
const options = { alphaMax: 0.1, overshoot: 1.05, backward: 0.9 };

/** A clean image, one on the way to the plane or beyond it, and the plane w · image = b, whose positive side is the other class. */
function scene(key: number) {
  const chance = random.uniform([key], 0, SIZE);
  const x = random.uniform([key], 1, SIZE).map((u, i) => ((chance[i] as number) < 0.3 ? Math.round(u) : u));
  const normal = random.normal([key], 2, SIZE);
  const xAdv = random.uniform([key], 3, SIZE).map((u, i) => 0.7 * (x[i] as number) + 0.3 * u);
  const dot = (image: ArrayLike<number>) => normal.reduce((sum, w, i) => sum + w * (image[i] as number), 0);
  const share = (random.uniform([key], 4, 1)[0] as number) + 0.2;
  const b = dot(x) + share * (dot(xAdv) - dot(x));
  return { x, normal, xAdv, value: (image: ArrayLike<number>) => dot(image) - b };
}

describe.each(convexNorms)('the step is that of the formula, %s', (norm) => {
  test.each([false, true])('after a success: %s', (succeeded) => {
    const step = fabStepper(SIZE, norm, options);
    for (let key = 0; key < 50; key++) {
      const { x, normal, xAdv, value } = scene(key);
      const from = succeeded ? xAdv.map((v, i) => (x[i] as number) + 0.9 * (v - (x[i] as number))) : xAdv;
      const near = changeOntoPlane(from, normal, value(from), norm);
      const far = changeOntoPlane(x, normal, value(x), norm);
      const ratio = lengthIn(near, norm) / (lengthIn(near, norm) + lengthIn(far, norm));
      const alpha = Math.min(0.1, ratio);
      const wanted = near.map((d, i) => {
        const sum =
          (1 - alpha) * ((from[i] as number) + 1.05 * d) + alpha * ((x[i] as number) + 1.05 * (far[i] as number));
        return Math.min(1, Math.max(0, sum));
      });
      const image = xAdv.slice();
      expect(step(x, image, normal, value(xAdv), succeeded)).toBe(true);
      for (const [i, v] of wanted.entries()) expect(image[i]).toBeCloseTo(v, 5);
    }
  });

  test('distances are those of the judge', () => {
    const { x, xAdv } = scene(3);
    expect(distanceIn(norm, x, xAdv)).toBe(distances(x, xAdv, SIZE, norm)[0]);
  });
});

test('a plane without a direction leads nowhere', () => {
  const { x, xAdv } = scene(1);
  const image = xAdv.slice();
  expect(fabStepper(SIZE, 'L2', options)(x, image, new Float32Array(SIZE), -1, false)).toBe(false);
});
