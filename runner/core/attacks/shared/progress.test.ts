import { expect, test } from 'vitest';
import { progress } from './progress.ts';

/** Iterations, of 300, at which a row with these losses (and distances) is said to stand still. */
function stops(loss: (iteration: number) => number, distance?: (iteration: number) => number): number[] {
  const watch = progress(1, 300);
  return Array.from({ length: 300 }, (_, i) => i).filter((i) => {
    const series = [[loss(i)], ...(distance === undefined ? [] : [[distance(i)]])];
    return watch.stuck(i, Int32Array.of(0), ...series)[0] === 1;
  });
}

test('a row that falls goes on, one that does not is stuck at the second look that says so', () => {
  expect(stops((i) => 1 - i / 1000)).toEqual([]);
  expect(stops(() => 1)[0]).toBe(60);
  expect(stops((i) => Math.max(1 - i / 100, 0.55))[0]).toBe(120);
  expect(stops((i) => 1 + i)[0]).toBe(60);
  expect(stops(() => Number.NaN)[0]).toBe(30);
});

test('a row that goes up before it goes down is let be', () => {
  expect(stops((i) => (i < 15 ? i : 15 - i / 10))).toEqual([]);
});

test('a distance that falls is progress too; none at all is not', () => {
  const flat = () => 1;
  expect(stops(flat, (i) => 1 - i / 1000)).toEqual([]);
  expect(stops(flat, () => Number.POSITIVE_INFINITY)[0]).toBe(60);
});

test('rows are told apart whichever of them are left', () => {
  const watch = progress(2, 10);
  for (let i = 0; i < 60; i += 20) {
    expect([...watch.stuck(i, Int32Array.of(0, 1), [1, 1 - i / 100])]).toEqual([i === 40 ? 1 : 0, 0]);
  }
  expect([...watch.stuck(60, Int32Array.of(1), [0.3])]).toEqual([0]);
});

test('a look takes 20 iterations, however few there are', () => {
  const watch = progress(1, 50);
  const at = Array.from({ length: 50 }, (_, i) => i).filter((i) => watch.stuck(i, Int32Array.of(0), [1])[0] === 1);
  expect(at).toEqual([40]);
});
