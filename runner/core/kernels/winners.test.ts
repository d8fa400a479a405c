import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBackend } from '../../backends/index.ts';
import { exampleRandom } from '../random.ts';
import { winners } from './winners.ts';

beforeAll(async () => {
  await startBackend('wasm');
});
afterAll(() => tf.setBackend('wasm'));

/** Values without the sign of a zero, which a factor of 0 leaves to chance. */
const plain = (values: Iterable<number>) => Array.from(values, (value) => value + 0);

/** What sorting says. */
function expected(rows: readonly (readonly number[])[], k: number): number[] {
  return rows.flatMap((row) => {
    const least = row.toSorted((a, b) => b - a)[k - 1] as number;
    return row.map((value) => (value >= least ? value : 0));
  });
}

const draws = Array.from({ length: 6 }, (_, row) => [...exampleRandom(4, 'winners').normal([row], 0, 301)]);

// By the kernel on wasm, by the stock top-k on cpu.
describe.each(['wasm', 'cpu'])('k winners take all on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  test.each([1, 2, 30, 150, 300, 301])('the %i largest of each row stay, the others are 0', (k) => {
    const y = tf.tidy(() => winners(tf.tensor2d(draws), k).dataSync());
    expect(plain(y)).toEqual(expected(draws, k));
  });

  test('equal values stay together, negative ones too, and the sign of 0 decides nothing', () => {
    const rows = [
      [-1, -1, -5, -1],
      [0, -0, 2, -3],
      [1e-40, 0, -1e-40, 1e30],
      [7, 7, 7, 7],
    ];
    const y = tf.tidy(() => winners(tf.tensor2d(rows), 2).dataSync());
    expect(plain(y)).toEqual(
      [-1, -1, 0, -1, 0, 0, 2, 0, Math.fround(1e-40), 0, 0, 1e30].concat([7, 7, 7, 7]).map(Math.fround),
    );
  });

  test('maps compete over all places and channels of their image', () => {
    const x = [1, 2, 3, 4, 5, 6, 7, 8].concat([80, 70, 60, 50, 40, 30, 20, 10]);
    const y = tf.tidy(() => winners(tf.tensor4d(x, [2, 2, 2, 2]), 3).dataSync());
    expect(plain(y)).toEqual([0, 0, 0, 0, 0, 6, 7, 8].concat([80, 70, 60, 0, 0, 0, 0, 0]));
  });

  test('the gradient passes where a value stays, and again when it is differentiated', () => {
    const x = tf.tensor2d([[3, -1, 2, 5]]);
    const f = (input: tf.Tensor) => tf.sum(tf.mul(tf.square(winners(input, 2)), [[1, 2, 3, 4]]));
    const first = tf.tidy(() => tf.grad(f)(x).dataSync());
    expect(plain(first)).toEqual([6, 0, 0, 40]);
    const second = tf.tidy(() =>
      tf
        .grad((input) => tf.sum(tf.grad(f)(input)))(x)
        .dataSync(),
    );
    expect(plain(second)).toEqual([2, 0, 0, 8]);
    x.dispose();
  });
});
