import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { startBackend } from '../../../backends/index.ts';
import { exampleRandom } from '../../random.ts';
import { changeOntoPlane, lengthIn } from '../../testing/planes.ts';
import { hyperplaneProjector } from './hyperplane.ts';
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

function solve(problems: readonly Problem[], norm: ConvexNorm): Float64Array[] {
  const project = hyperplaneProjector((problems[0] as Problem).point.length, norm);
  return problems.map(({ point, normal, gap }) => {
    const change = new Float64Array(point.length);
    const length = project(point, normal, gap, change);
    expect(length).toBeCloseTo(lengthIn(change, norm), 6);
    return change;
  });
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
  test('is as long as that of an independent search in float64, stays in the range and reaches the plane', () => {
    const changes = solve(kinds, norm);
    for (const [k, change] of changes.entries()) {
      const { point, normal, gap } = kinds[k] as Problem;
      const best = changeOntoPlane(point, normal, gap, norm);
      expect(lengthIn(change, norm) / lengthIn(best, norm)).toBeCloseTo(1, 9);
      const reached = change.reduce((sum, d, i) => sum + d * (normal[i] as number), 0);
      expect(reached / -gap).toBeCloseTo(1, 9);
      for (const [i, d] of change.entries()) {
        const value = (point[i] as number) + d;
        expect(value).toBeGreaterThan(-1e-12);
        expect(value).toBeLessThan(1 + 1e-12);
      }
    }
  });

  test('goes to the nearest corner where the plane is out of reach, and nowhere without a gap or a normal', () => {
    const plain = problem(3, 20, 0.2, 0.5);
    const far = { ...plain, gap: plain.gap * 1e6 };
    const on = { ...plain, gap: 0 };
    const flat = { ...plain, normal: new Float32Array(20) };
    const endless = { ...plain, gap: -3e38, normal: plain.normal.map((w) => w * 1e-20) };
    const [corner, stay, lost, beyond] = solve([far, on, flat, endless], norm) as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    const best = changeOntoPlane(far.point, far.normal, far.gap, norm);
    for (const [i, d] of best.entries()) {
      expect(corner[i]).toBeCloseTo(d, 6);
      expect(beyond[i]).toBeCloseTo(d, 6);
    }
    expect([...stay, ...lost].every((d) => d === 0)).toBe(true);
  });

  test('where speeds and room range over many powers of ten, and where all are equal', () => {
    const size = 400;
    const ramp = (base: number) => Float32Array.from({ length: size }, (_, i) => base ** (i / 110));
    const shapes = [
      { point: ramp(0.1), normal: ramp(10) },
      { point: ramp(0.1), normal: ramp(0.1) },
      { point: new Float32Array(size).fill(0.25), normal: new Float32Array(size).fill(-2) },
      { point: new Float32Array(size).fill(0.25), normal: new Float32Array(size).fill(3) },
    ];
    for (const share of [1e-6, 0.01, 0.2, 0.6, 0.999]) {
      for (const { point, normal } of shapes) {
        const room = (i: number) => ((normal[i] as number) > 0 ? (point[i] as number) : 1 - (point[i] as number));
        const gap = share * normal.reduce((sum, w, i) => sum + Math.abs(w) * room(i), 0);
        const [change] = solve([{ point, normal, gap }], norm) as [Float64Array];
        const reached = -change.reduce((sum, d, i) => sum + d * (normal[i] as number), 0);
        expect(reached / gap).toBeCloseTo(1, 9);
        const best = lengthIn(changeOntoPlane(point, normal, gap, norm), norm);
        expect(lengthIn(change, norm) / best).toBeCloseTo(1, 9);
      }
    }
  });

  test('values of the normal that are not finite do not move', () => {
    const { point, normal, gap } = problem(5, 20, 0.2, 0.3);
    const broken = normal.map((w, i) => [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY][i] ?? w);
    const rest = normal.map((w, i) => (i < 3 ? 0 : w));
    expect(solve([{ point, normal: broken, gap }], norm)).toEqual(solve([{ point, normal: rest, gap }], norm));
    const [still] = solve([{ point, normal, gap: Number.NaN }], norm) as [Float64Array];
    expect(still.every((d) => d === 0)).toBe(true);
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
