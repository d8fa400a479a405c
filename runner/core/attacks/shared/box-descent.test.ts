import { describe, expect, test } from 'vitest';
import { boxDescent } from './box-descent.ts';

type Evaluated = { value: number; gradient: number[] };
const options = { maxIterations: 500, memory: 10, tolerance: 1e-15 };

function minimise(f: (x: Float64Array) => Evaluated, start: number[], changes: Partial<typeof options> = {}) {
  const descent = boxDescent(start, { ...options, ...changes });
  let calls = 0;
  while (!descent.done) {
    for (const v of descent.point) expect(v >= 0 && v <= 1).toBe(true);
    const { value, gradient } = f(descent.point);
    descent.tell(value, gradient);
    calls++;
  }
  return { point: [...descent.point], calls };
}

/** Σ weight · (x − centre)², of a condition of 1000. */
function quadratic(centre: number[]) {
  const weights = centre.map((_, i) => 10 ** ((3 * i) / (centre.length - 1)));
  return (x: Float64Array): Evaluated => ({
    value: weights.reduce((sum, w, i) => sum + w * ((x[i] as number) - (centre[i] as number)) ** 2, 0),
    gradient: weights.map((w, i) => 2 * w * ((x[i] as number) - (centre[i] as number))),
  });
}

/** Rosenbrock's valley, moved so that its minimum lies at `to`, in units of a half. */
function rosenbrock(to: number) {
  return (x: Float64Array): Evaluated => {
    const [a, b] = [2 * ((x[0] as number) - to) + 1, 2 * ((x[1] as number) - to) + 1];
    const bend = b - a * a;
    return { value: (1 - a) ** 2 + 100 * bend ** 2, gradient: [2 * (-2 * (1 - a) - 400 * a * bend), 400 * bend] };
  };
}

describe('a quadratic', () => {
  test('inside the box', () => {
    const centre = [0.2, 0.9, 0.5, 0.4, 0.7, 0.1];
    const { point, calls } = minimise(quadratic(centre), [0, 0, 0, 1, 1, 1]);
    for (const [i, v] of point.entries()) expect(v).toBeCloseTo(centre[i] as number, 5);
    expect(calls).toBeLessThan(60);
  });

  test('with its centre outside: each value on its own goes to the end that is nearest', () => {
    const centre = [-0.5, 0.9, 1.5, 0.4, -2, 3];
    const { point } = minimise(quadratic(centre), [0.5, 0.5, 0.5, 0.5, 0.5, 0.5]);
    for (const [i, v] of point.entries()) expect(v).toBeCloseTo(Math.min(1, Math.max(0, centre[i] as number)), 5);
  });
});

describe("Rosenbrock's valley", () => {
  test('with its minimum inside', () => {
    const { point, calls } = minimise(rosenbrock(0.8), [0.05, 0.9]);
    for (const v of point) expect(v).toBeCloseTo(0.8, 5);
    expect(calls).toBeLessThan(150);
  });

  test('cut off by the box', () => {
    const to = 1.2;
    const f = rosenbrock(to);
    const { point } = minimise(f, [0.1, 0.9]);
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i <= 1000; i++) {
      for (let j = 0; j <= 1000; j++) least = Math.min(least, f(Float64Array.of(i / 1000, j / 1000)).value);
    }
    expect(f(Float64Array.from(point)).value).toBeLessThanOrEqual(least + 1e-9);
  });
});

test('memory helps: without it the same takes many more calls', () => {
  const centre = [0.2, 0.9, 0.5, 0.4, 0.7, 0.1];
  const start = [0, 0, 0, 1, 1, 1];
  const short = minimise(quadratic(centre), start, { memory: 0, maxIterations: 100 });
  const f = quadratic(centre);
  expect(f(Float64Array.from(short.point)).value).toBeGreaterThan(1e-6);
  expect(f(Float64Array.from(minimise(f, start, { maxIterations: 100 }).point)).value).toBeLessThan(1e-9);
});

test('comes to an end on NaN, on a flat function and at once in a corner', () => {
  expect(minimise(() => ({ value: Number.NaN, gradient: [1, 1] }), [0.5, 0.5]).point).toEqual([0.5, 0.5]);
  expect(minimise(() => ({ value: 1, gradient: [0, 0] }), [0.5, 0.5]).calls).toBe(1);
  expect(minimise(quadratic([-1, 2]), [0, 1]).calls).toBe(1);
  const cliff = (x: Float64Array) => ({
    value: (x[0] as number) > 0.5 ? Number.NaN : -(x[0] as number),
    gradient: [-1],
  });
  const edge = minimise(cliff, [0]).point[0] as number;
  expect(edge).toBeGreaterThan(0.3);
  expect(edge).toBeLessThanOrEqual(0.5);
});
