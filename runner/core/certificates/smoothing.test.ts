import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../backends/index.ts';
import { exampleRandom } from '../random.ts';
import { linearSubmission, SIZE } from '../testing/linear-submission.ts';
import { smoothing } from './smoothing.ts';

beforeAll(async () => {
  await startBackend('wasm');
});

/** Two classes of which the boundary is a hyperplane; the other classes are out of reach. */
const normal = exampleRandom(7, 'plane').normal([0], 0, SIZE);
const length = Math.hypot(...normal);
const weight = new Float32Array(10 * SIZE);
weight.set(
  normal.map((w) => w / length),
  0,
);
const bias = new Float32Array(10).fill(-1e4, 2);
const { submission } = linearSubmission({ weight, bias });
const wrapped = { ...submission, defenses: [{ id: 'gaussian-noise', options: { deviation: 0.5 } }] };

/** The image so far from the boundary, on the side of class 0. */
const at = (distance: number) => Float32Array.from(normal, (w) => (distance * w) / length);

const options = smoothing.optionsSchema.parse({ deviation: 0.5, samples: 2000, alpha: 0.001 });

function measure(distances: readonly number[], changes: object = {}): Promise<Float64Array> {
  const x = new Float32Array(distances.length * SIZE);
  for (const [i, distance] of distances.entries()) x.set(at(distance), i * SIZE);
  const examples = Int32Array.from(distances.keys());
  const y = new Int32Array(distances.length);
  const context = { submission: wrapped, x, y, examples, norm: 'L2', epsilon: 1, seed: 5, ...changes } as const;
  return smoothing.measure(context, options);
}

const radiusOf = (count: number | undefined) => smoothing.radius?.(Float64Array.of(count ?? 0), options) ?? 0;

describe('the smoothed classifier of a hyperplane', () => {
  it('is as robust as its distance, which the certificate stays below and comes near', async () => {
    const distances = [0.2, 0.5, 0.8];
    const counts = await measure(distances);
    for (const [i, distance] of distances.entries()) {
      const radius = radiusOf(counts[i]);
      expect(radius).toBeLessThan(distance);
      // With α = 0.001 the bound is some three standard errors low, 0.05 here.
      expect(radius).toBeGreaterThan(distance - 0.12);
    }
  });

  it('is not certified on the boundary, nor where it is wrong', async () => {
    const [near, wrong] = await measure([0.005, -0.5]);
    expect(radiusOf(near)).toBe(0);
    expect(wrong).toBe(0);
  });

  it('has draws that neither the batch nor the place in it changes, but the seed and the example do', async () => {
    const together = await measure([0.4, 0.4]);
    const [alone] = await measure([0.4], { examples: Int32Array.of(1) });
    expect(together[1]).toBe(alone);
    expect(together[0]).not.toBe(together[1]);
    const [other] = await measure([0.4], { examples: Int32Array.of(1), seed: 6 });
    expect(other).not.toBe(alone);
  });
});

it.each([2001, -1, 0.5])('of %f of 2000 draws nothing follows', (count) => expect(radiusOf(count)).toBe(0));

it('certifies the ball as the judge of attacks has it', () => {
  const count = 1990;
  const radius = radiusOf(count);
  const numbers = Float64Array.of(count);
  expect(smoothing.certifies(numbers, options, { epsilon: radius * (1 - 1e-5) })).toBe(true);
  expect(smoothing.certifies(numbers, options, { epsilon: radius })).toBe(false);
});
