import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, beforeEach, describe, expect, type TestContext, test, vi } from 'vitest';
import { maxPoolGradByMask } from '#core/kernels/max-pool-grad-by-mask.ts';
import { winners } from '#core/kernels/winners.ts';
import { startBackend, startReference } from './index.ts';
import { isInstalled } from './native-files.ts';
import { needsNative } from './testing.ts';

type Compute = () => tf.Tensor;

beforeAll(async () => {
  if (isInstalled('cpu')) await startBackend('native');
});

afterEach(() => {
  vi.unstubAllEnvs();
});

/** The largest difference between native TensorFlow and tfjs's cpu backend, relative to the largest value. */
async function error(context: TestContext, compute: Compute): Promise<number> {
  needsNative(context);
  await startReference();
  const wanted = tf.tidy(compute).dataSync() as Float32Array;
  await startBackend('native');
  const actual = tf.tidy(compute).dataSync() as Float32Array;
  expect(actual.length).toBe(wanted.length);
  const scale = wanted.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  return wanted.reduce((worst, value, i) => Math.max(worst, Math.abs(value - (actual[i] as number)) / scale), 0);
}

const random = (shape: readonly number[], seed: number): tf.Tensor4D =>
  tf.randomNormal([...shape] as [number, number, number, number], 0, 1, 'float32', seed) as tf.Tensor4D;

/** Gradient of a weighted sum of f's output with respect to its input. */
function gradient(f: (x: tf.Tensor4D) => tf.Tensor, x: tf.Tensor4D): tf.Tensor {
  return tf.grad((input) => {
    const output = f(input as tf.Tensor4D);
    return tf.sum(tf.mul(output, random(output.shape, 9)));
  })(x);
}

describe.each(['16', '8', '4'])(
  'gradient of max-pooling equals cpu, ties included, %s floats in a vector',
  (floats) => {
    beforeEach(() => {
      vi.stubEnv('PARAPET_VECTOR_FLOATS', floats);
    });

    test.for([
      ['2×2', [2, 6, 6, 3], 2, 2, 'valid'],
      ['2×2, a row and a column left over', [2, 7, 5, 33], 2, 2, 'valid'],
      ['overlapping windows', [2, 8, 7, 2], 3, 2, 'valid'],
      ['same', [2, 7, 7, 2], 3, 2, 'same'],
      ['stride larger than the window', [1, 9, 9, 8], 2, 3, 'valid'],
      ['enough images for several threads', [64, 12, 12, 16], 2, 2, 'valid'],
    ] as const)('%s', async ([, image, size, strides, pad], context) => {
      // Few distinct values, so that most windows hold ties.
      const compute = () => gradient((x) => tf.maxPool(x, size, strides, pad), tf.round(random(image, 1)));
      expect(await error(context, compute)).toBeLessThan(1e-6);
    });

    test('by the mask that a GPU gets', async (context) => {
      needsNative(context);
      const compute = () => gradient((x) => tf.maxPool(x, 2, 2, 'valid'), tf.round(random([3, 8, 6, 5], 1)));
      const wanted = tf.tidy(compute);
      const masked = tf.tidy(() => {
        const x = tf.round(random([3, 8, 6, 5], 1)) as tf.Tensor4D;
        const y = tf.maxPool(x, 2, 2, 'valid');
        return maxPoolGradByMask(random(y.shape, 9), x, y);
      });
      // The mask multiplies, so that some of its zeros are −0.
      expect(masked.dataSync().map((value) => value + 0)).toEqual(wanted.dataSync());
      tf.dispose([wanted, masked]);
    });
  },
);

describe('input gradient of a convolution equals cpu', () => {
  test.for([
    ['one channel', [3, 9, 8, 1], [3, 3, 1, 32], 1, 'valid'],
    ['three channels', [3, 9, 8, 3], [3, 3, 3, 5], 1, 'valid'],
    ['same', [2, 9, 8, 3], [3, 3, 3, 5], 1, 'same'],
    ['stride 2, same', [2, 11, 9, 1], [5, 2, 1, 4], 2, 'same'],
    ['stride 2, rows left over', [2, 8, 8, 3], [3, 3, 3, 4], 2, 'valid'],
    ['17 taps and more', [1, 12, 11, 1], [5, 5, 1, 9], 1, 'same'],
    ['more taps than our op takes', [1, 12, 11, 2], [5, 5, 2, 3], 1, 'same'],
    ['many channels', [2, 9, 8, 16], [3, 3, 16, 5], 1, 'valid'],
    ['enough images for several threads', [64, 28, 28, 1], [3, 3, 1, 32], 1, 'valid'],
  ] as const)('%s', async ([, image, filter, strides, pad], context) => {
    const compute = () => gradient((x) => tf.conv2d(x, random(filter, 2), strides, pad), random(image, 1));
    expect(await error(context, compute)).toBeLessThan(2e-6);
  });
});

describe('the k largest values of each image are those of a sort', () => {
  test.for([
    ['one', [3, 2, 2, 5], 1],
    ['all', [3, 2, 2, 5], 20],
    ['a tenth, on several threads', [16, 26, 26, 32], 2163],
  ] as const)('%s', async ([, image, k], context) => {
    // Few distinct values, so that there are ties, and both zeros among them.
    const x = () => tf.div(tf.round(tf.mul(random(image, 1), 64)), 64) as tf.Tensor4D;
    expect(await error(context, () => winners(x(), k))).toBe(0);
    expect(await error(context, () => gradient((input) => winners(input, k), x()))).toBe(0);
  });
});

test('the gradient of ReLU passes where x > 0 only', async (context) => {
  needsNative(context);
  const dx = tf.grad((x) => tf.sum(tf.mul(tf.relu(x), [2, 3, 4, 5])))(tf.tensor1d([-1, 0, 1e-30, 2]));
  expect([...dx.dataSync()]).toEqual([0, 0, 4, 5]);
  dx.dispose();
});

test('wrong shapes are refused, not computed', (context) => {
  needsNative(context);
  const grad = (dy: tf.Tensor, input: tf.Tensor) => () =>
    tf.tidy(() =>
      tf.engine().runKernel(tf.MaxPoolGrad, { dy, input, output: dy }, { filterSize: 2, strides: 2, pad: 'valid' }),
    );
  expect(grad(tf.ones([1, 2, 2, 3]), tf.ones([1, 4, 4, 5]))).toThrow('do not fit each other');
  const most = (k: number) => () => tf.tidy(() => winners(tf.ones([2, 6]), k));
  for (const k of [0, 7]) expect(most(k)).toThrow('k is not from 1 to the number of values');
});
