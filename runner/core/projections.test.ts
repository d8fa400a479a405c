import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { distances, inBall, inBox } from './metrics/judge.ts';
import { type Norm, norms, project, projectTensor, projectTensorL1 } from './projections.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const pixel = fc.float({ min: 0, max: 1, noNaN: true });
const anything = fc.float({ min: -3, max: 4, noNaN: true });
const pairs = fc.array(fc.tuple(pixel, anything), { minLength: 1, maxLength: 20 }).map((rows) => ({
  x: Float32Array.from(rows, ([a]) => a),
  xAdv: Float32Array.from(rows, ([, b]) => b),
}));
const radius = fc.double({ min: 1e-4, max: 3, noNaN: true });

describe.each(norms)('%s', (norm) => {
  const epsilonOf = (value: number) => (norm === 'L0' ? Math.ceil(value * 3) : value);

  test('lands in the ball and the box, as float32', () => {
    fc.assert(
      fc.property(pairs, radius, ({ x, xAdv }, value) => {
        const result = xAdv.slice();
        project(x, result, x.length, norm, epsilonOf(value));
        expect(inBall(distances(x, result, x.length, norm)[0] as number, epsilonOf(value))).toBe(true);
        expect(inBox(result, x.length)[0]).toBe(1);
      }),
      { numRuns: 1000 },
    );
  });

  test('leaves what is in both as it is, so twice is once', () => {
    fc.assert(
      fc.property(pairs, radius, ({ x, xAdv }, value) => {
        const once = xAdv.slice();
        project(x, once, x.length, norm, epsilonOf(value));
        const twice = once.slice();
        project(x, twice, x.length, norm, epsilonOf(value));
        expect(twice).toEqual(once);
      }),
      { numRuns: 500 },
    );
  });

  test('without a ball clips and no more', () => {
    const xAdv = Float32Array.of(-1, 0.25, 7);
    project(new Float32Array(3), xAdv, 3, norm, Number.POSITIVE_INFINITY);
    expect([...xAdv]).toEqual([0, 0.25, 1]);
  });

  test('each row has a ball of its own', () => {
    const x = Float32Array.of(0, 0, 0.5, 0.5);
    const xAdv = Float32Array.of(1, 1, 0.5, 0.5);
    project(x, xAdv, 2, norm, norm === 'L0' ? 1 : 0.25);
    expect([...xAdv.slice(2)]).toEqual([0.5, 0.5]);
    expect([...xAdv.slice(0, 2)]).not.toEqual([1, 1]);
  });
});

const known: [Norm, number, number[], number[]][] = [
  ['Linf', 0.25, [1, 0.125, 0], [0.25, 0.125, 0]],
  ['L2', 0.5, [0.6, 0.8, 0], [0.3, 0.4, 0]],
  // Changes 1, 0.5 and 0.25 shrink by 0.25 each.
  ['L1', 1, [1, 0.5, 0.25], [0.75, 0.25, 0]],
  ['L0', 2, [0.5, 0.25, 0.5], [0.5, 0, 0.5]],
  ['L0', 1, [0.5, 0.25, 0.5], [0.5, 0, 0]],
];

test.each(known)('known answers: %s ≤ %s', (norm, epsilon, from, to) => {
  const xAdv = Float32Array.from(from);
  project(new Float32Array(3), xAdv, 3, norm, epsilon);
  for (const [i, value] of to.entries()) expect(xAdv[i]).toBeCloseTo(value, 6);
});

test('the L1 projection is the nearest point: no other feasible one is nearer', () => {
  const x = Float32Array.of(0.2, 0.8, 0.5, 0.1);
  const from = Float32Array.of(0.9, 0.1, 0.4, 0.1);
  const result = from.slice();
  project(x, result, 4, 'L1', 0.6);
  const away = (p: ArrayLike<number>) => Math.hypot(...Array.from(p, (v, i) => v - (from[i] as number)));
  fc.assert(
    fc.property(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 }), (direction) => {
      const length = direction.reduce((sum, d) => sum + Math.abs(d), 0) || 1;
      const point = direction.map((d, i) => (x[i] as number) + (0.6 * d) / length);
      expect(away(point)).toBeGreaterThanOrEqual(away(result) - 1e-6);
    }),
    { numRuns: 1000 },
  );
});

test.each(['Linf', 'L2'] as const)(
  'the projection on tensors agrees with that on arrays up to rounding: %s',
  (norm) => {
    fc.assert(
      fc.property(pairs, radius, ({ x, xAdv }, epsilon) => {
        const shape: [number, number, number, number] = [1, 1, x.length, 1];
        const onTensors = tf.tidy(() =>
          projectTensor(tf.tensor4d(x.slice(), shape), tf.tensor4d(xAdv.slice(), shape), norm, epsilon).dataSync(),
        );
        const onArrays = xAdv.slice();
        project(x, onArrays, x.length, norm, epsilon);
        for (const [i, value] of onArrays.entries())
          expect(Math.abs((onTensors[i] as number) - value)).toBeLessThan(2e-6);
      }),
      { numRuns: 100 },
    );
  },
);

describe('the L1 projection on tensors', () => {
  async function projected({ x, xAdv }: { x: Float32Array; xAdv: Float32Array }, epsilon: number) {
    const shape: [number, number, number, number] = [1, 1, x.length, 1];
    const [from, to] = [tf.tensor4d(x.slice(), shape), tf.tensor4d(xAdv.slice(), shape)];
    const result = await projectTensorL1(from, to, epsilon);
    const values = (await result.data<'float32'>()).slice();
    tf.dispose([from, to, result]);
    return values;
  }

  /** The threshold by halving, in float64. */
  function nearest({ x, xAdv }: { x: Float32Array; xAdv: Float32Array }, epsilon: number) {
    const changes = Array.from(x, (value, i) => (xAdv[i] as number) - value);
    const rooms = changes.map((change, i) => (change > 0 ? 1 - (x[i] as number) : (x[i] as number)));
    const left = (t: number) => changes.map((c, i) => Math.min(Math.max(Math.abs(c) - t, 0), rooms[i] as number));
    const total = (t: number) => left(t).reduce((sum, value) => sum + value, 0);
    let low = 0;
    let high = total(0) <= epsilon ? 0 : 5;
    for (let round = 0; round < 60; round++) {
      const middle = (low + high) / 2;
      if (total(middle) > epsilon) low = middle;
      else high = middle;
    }
    return left(high).map((value, i) => (x[i] as number) + Math.sign(changes[i] as number) * value);
  }

  test('is the nearest point of ball and pixel range together', async () => {
    await fc.assert(
      fc.asyncProperty(pairs, radius, async (pair, epsilon) => {
        const came = await projected(pair, epsilon);
        for (const [i, value] of nearest(pair, epsilon).entries())
          expect(Math.abs((came[i] as number) - value)).toBeLessThan(1e-6);
        expect(inBox(came, came.length)[0]).toBe(1);
      }),
      { numRuns: 500 },
    );
  });

  test('gives what white cannot take to the other values', async () => {
    // Clipped first, both would come out at 0.75.
    const came = await projected({ x: Float32Array.of(0.5, 0), xAdv: Float32Array.of(2, 1) }, 1);
    for (const [i, value] of [1, 0.5].entries()) expect(came[i]).toBeCloseTo(value, 6);
  });

  test('without a ball clips, and leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    const pair = { x: Float32Array.of(0.5, 0.5), xAdv: Float32Array.of(2, -1) };
    expect([...(await projected(pair, Number.POSITIVE_INFINITY))]).toEqual([1, 0]);
    await projected(pair, 0.1);
    expect(tf.memory().numTensors).toBe(before);
  });
});
