import * as tf from '@tensorflow/tfjs';
import { beforeEach, describe, expect, test } from 'vitest';
import { startBackend } from '../backends/index.ts';
import { needsNative } from '../backends/testing.ts';
import { finiteOrZero, gatherRows, oneHot, perRow, signOf, unitRows } from './tensors.ts';

const image = (values: number[]) => tf.tensor4d(values, [1, 1, values.length, 1]);

async function valuesOf(make: () => tf.Tensor): Promise<number[]> {
  const result = tf.tidy(make);
  const values = [...(await result.data())];
  result.dispose();
  return values;
}

describe.each(['cpu', 'wasm', 'native'] as const)('on %s', (backend) => {
  beforeEach(async (context) => {
    if (backend === 'native') needsNative(context);
    await (backend === 'cpu' ? tf.setBackend('cpu') : startBackend(backend));
  });

  test('the sign of a value is ±1 however small it is, and 0 for 0 and NaN', async () => {
    const values = [3, 1e-8, 1e-20, 1e-37, 0, -0, -1e-37, -1e-20, -1e-8, -3, Number.NaN];
    expect(await valuesOf(() => signOf(image(values)))).toEqual([1, 1, 1, 1, 0, 0, -1, -1, -1, -1, 0]);
  });

  test('the sign of an infinity is its sign', async () => {
    const values = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    expect(await valuesOf(() => signOf(image(values)))).toEqual([1, -1]);
  });

  test.each([1e20, 1, 1e-20, 1e-30])('rows of size %s have length 1 afterwards', async (size) => {
    const [a, b] = await valuesOf(() => unitRows(image([3 * size, -4 * size])));
    expect(a).toBeCloseTo(0.6, 5);
    expect(b).toBeCloseTo(-0.8, 5);
  });

  test('a row of zeros stays zero, and spoils no other', async () => {
    const rows = tf.tensor4d([0, 0, 0, 5], [2, 1, 2, 1]);
    expect(await valuesOf(() => unitRows(rows))).toEqual([0, 0, 0, 1]);
    rows.dispose();
  });

  test('what is not finite becomes 0', async () => {
    const values = [1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -2];
    expect(await valuesOf(() => finiteOrZero(image(values)))).toEqual([1, 0, 0, 0, -2]);
  });

  test('rows are taken in the order given', async () => {
    const rows = tf.tensor4d([1, 2, 3], [3, 1, 1, 1]);
    expect(await valuesOf(() => gatherRows(rows, Int32Array.of(2, 0)))).toEqual([3, 1]);
    expect(await valuesOf(() => gatherRows(rows, new Int32Array()))).toEqual([]);
    rows.dispose();
  });
});

test('one number per row, shaped for an image', () => {
  const rows = perRow([4, 5]);
  expect(rows.shape).toEqual([2, 1, 1, 1]);
  rows.dispose();
});

test('a row of an indicator is 1 at its class', async () => {
  await tf.setBackend('cpu');
  expect(await valuesOf(() => oneHot([2, 0], 3))).toEqual([0, 0, 1, 1, 0, 0]);
});
