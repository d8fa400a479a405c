import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { startBackend } from '../../../backends/index.ts';
import { exampleRandom } from '../../random.ts';
import { changeOntoPlane, lengthIn } from '../../testing/planes.ts';
import { ontoHyperplane } from './hyperplane.ts';
import { type ConvexNorm, convexNorms, dualNorms, rowNorms } from './row-norms.ts';

beforeAll(async () => {
  await startBackend('wasm');
});

/** A point, a plane and how far off it the point is: w · point − b. */
interface Problem {
  readonly point: Float32Array;
  readonly normal: Float32Array;
  readonly gap: number;
}

async function solve(problems: readonly Problem[], norm: ConvexNorm): Promise<Float32Array[]> {
  const size = (problems[0] as Problem).point.length;
  const image = (of: 'point' | 'normal') =>
    tf.tensor4d(Float32Array.from(problems.flatMap((problem) => [...problem[of]])), [problems.length, 1, size, 1]);
  const points = image('point');
  const normal = image('normal');
  const gaps = tf.tensor4d(
    problems.map(({ gap }) => gap),
    [problems.length, 1, 1, 1],
  );
  const change = ontoHyperplane(points, normal, gaps, norm);
  const values = (await change.data<'float32'>()).slice();
  tf.dispose([points, normal, gaps, change]);
  return problems.map((_, row) => values.subarray(row * size, (row + 1) * size));
}

const random = exampleRandom(3, 'planes');

/**
 * @param corner share of the pixels that are black or white
 * @param reach size of the gap as a share of what the pixel range allows
 */
function problem(key: number, size: number, corner: number, reach: number, scale = 1): Problem {
  const chance = random.uniform([key], 0, size);
  const point = random.uniform([key], 1, size).map((u, i) => ((chance[i] as number) < corner ? Math.round(u) : u));
  const normal = random.normal([key], 2, size).map((w, i) => (i % 7 === 3 ? 0 : w ** 3 * scale));
  const sign = key % 2 === 0 ? 1 : -1;
  const room = (i: number) => ((normal[i] as number) * sign > 0 ? (point[i] as number) : 1 - (point[i] as number));
  const all = normal.reduce((sum, w, i) => sum + Math.abs(w) * room(i), 0);
  return { point, normal, gap: Math.fround(sign * reach * all) };
}

const kinds = [0.001, 0.05, 0.3, 0.7, 0.97].flatMap((reach, k) =>
  [0, 0.5, 1].flatMap((corner, j) =>
    [1, 1e-30, 1e20].map((scale, s) => problem(100 * k + 10 * j + s, 200, corner, reach, scale)),
  ),
);

describe.each(convexNorms)('the smallest change onto a plane within the pixel range, %s', (norm) => {
  test('is as long as that of an independent search in float64, stays in the range and reaches the plane', async () => {
    const changes = await solve(kinds, norm);
    for (const [k, change] of changes.entries()) {
      const { point, normal, gap } = kinds[k] as Problem;
      const best = changeOntoPlane(point, normal, gap, norm);
      expect(lengthIn(change, norm) / lengthIn(best, norm)).toBeCloseTo(1, 5);
      const reached = change.reduce((sum, d, i) => sum + d * (normal[i] as number), 0);
      expect(reached / -gap).toBeCloseTo(1, 5);
      for (const [i, d] of change.entries()) {
        const value = (point[i] as number) + d;
        expect(value).toBeGreaterThan(-1e-6);
        expect(value).toBeLessThan(1 + 1e-6);
      }
    }
  });

  test('goes to the nearest corner where the plane is out of reach, and nowhere without a gap or a normal', async () => {
    const plain = problem(3, 20, 0.2, 0.5);
    const far = { ...plain, gap: plain.gap * 1e6 };
    const on = { ...plain, gap: 0 };
    const flat = { ...plain, normal: new Float32Array(20) };
    const endless = { ...plain, gap: -3e38, normal: plain.normal.map((w) => w * 1e-20) };
    const [corner, stay, lost, beyond] = (await solve([far, on, flat, endless], norm)) as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const best = changeOntoPlane(far.point, far.normal, far.gap, norm);
    for (const [i, d] of best.entries()) {
      expect(corner[i]).toBeCloseTo(d, 6);
      expect(beyond[i]).toBeCloseTo(d, 6);
    }
    expect([...stay, ...lost].every((d) => d === 0)).toBe(true);
  });

  test('no row depends on another', async () => {
    const together = await solve(kinds, norm);
    for (const row of [0, 7, 44]) {
      const [alone] = await solve([kinds[row] as Problem], norm);
      expect(alone).toEqual(together[row]);
    }
  });

  test('where speeds and room range over many powers of ten it comes out short, if at all', async () => {
    const size = 400;
    const point = Float32Array.from({ length: size }, (_, i) => 10 ** (-i / 100));
    const normal = Float32Array.from({ length: size }, (_, i) => 10 ** (i / 110));
    for (const share of [0.01, 0.2, 0.6]) {
      const gap = share * point.reduce((sum, value, i) => sum + value * (normal[i] as number), 0);
      const [change] = (await solve([{ point, normal, gap }], norm)) as [Float32Array];
      const reached = -change.reduce((sum, d, i) => sum + d * (normal[i] as number), 0);
      expect(reached / gap).toBeLessThan(1 + 1e-5);
      expect(reached / gap).toBeGreaterThan(0.5);
    }
  });
});

test('lengths of rows and their duals', async () => {
  const rows = tf.tensor4d([3, -4, 0, 1e-30, 1e-30, 0, 0, 0, 0], [3, 1, 3, 1]);
  const wanted = {
    Linf: [4, 1e-30, 0],
    L2: [5, Math.SQRT2 * 1e-30, 0],
    L1: [7, 2e-30, 0],
  };
  for (const norm of convexNorms) {
    const lengths = rowNorms(rows, norm);
    const dual = dualNorms(rows, norm);
    const dualOf = { Linf: 'L1', L2: 'L2', L1: 'Linf' } as const;
    for (const [i, value] of (await lengths.data()).entries()) expect(value).toBeCloseTo(wanted[norm][i] as number, 36);
    expect((await dual.data())[0]).toBe(wanted[dualOf[norm]][0]);
    tf.dispose([lengths, dual]);
  }
  rows.dispose();
});
