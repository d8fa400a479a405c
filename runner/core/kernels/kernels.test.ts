import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBackend } from '../../backends/index.ts';
import { registerGradients, registerWasmKernels } from './index.ts';

type Values = Float32Array;

beforeAll(async () => {
  await startBackend('wasm');
});
afterAll(() => tf.setBackend('wasm'));

/** What `compute` gives on a backend, as values that outlive it. */
async function on(backend: 'cpu' | 'wasm', compute: () => tf.Tensor): Promise<Values> {
  await tf.setBackend(backend);
  const result = tf.tidy(compute);
  const values = result.dataSync().slice() as Values;
  result.dispose();
  return values;
}

/** Largest difference, relative to the largest value of the second. */
function error(actual: Values, wanted: Values): number {
  expect(actual.length).toBe(wanted.length);
  let difference = 0;
  let scale = 0;
  for (const [i, value] of wanted.entries()) {
    difference = Math.max(difference, Math.abs(value - (actual[i] as number)));
    scale = Math.max(scale, Math.abs(value));
  }
  return difference / scale;
}

const random = (shape: number[], seed: number): tf.Tensor => tf.randomNormal(shape, 0, 1, 'float32', seed);

/** Derivatives of sum(weights · f(x)) by x and by every parameter. */
function gradients(f: (...inputs: tf.Tensor[]) => tf.Tensor, inputs: tf.Tensor[]): tf.Tensor[] {
  return tf.grads((...given: tf.Tensor[]) => {
    const output = f(...given);
    return tf.sum(tf.mul(output, random(output.shape, 9)));
  })(inputs);
}

const padding = (top: number, bottom: number, left: number, right: number): tf.backend_util.ExplicitPadding => [
  [0, 0],
  [top, bottom],
  [left, right],
  [0, 0],
];

describe('gradients of a convolution of each channel by itself on wasm equal those on cpu', () => {
  test.each([
    ['same', [2, 7, 6, 3], [3, 3, 3, 1], 1, 'same'],
    ['two maps of each channel, stride 2', [2, 7, 6, 3], [3, 3, 3, 2], 2, 'same'],
    ['valid, stride 2, a row left over', [1, 8, 7, 2], [3, 2, 2, 1], 2, 'valid'],
  ] as const)('%s', async (_, shape, filterShape, stride, pad) => {
    const compute = () => {
      const filter = random([...filterShape], 2) as tf.Tensor4D;
      const [slope] = gradients(
        (x) => tf.depthwiseConv2d(x as tf.Tensor4D, filter, stride, pad),
        [random([...shape], 1)],
      );
      return slope as tf.Tensor;
    };
    expect(error(await on('wasm', compute), await on('cpu', compute))).toBeLessThan(1e-5);
  });
});

describe('gradients of a convolution on wasm equal those on cpu', () => {
  test.each([
    ['valid, 3×3', [2, 9, 8, 3], [3, 3, 3, 5], 1, 'valid'],
    ['same, 3×3', [2, 9, 8, 3], [3, 3, 3, 5], 1, 'same'],
    ['1×1', [2, 5, 5, 4], [1, 1, 4, 3], 1, 'valid'],
    ['1×1, stride 2', [2, 6, 5, 4], [1, 1, 4, 3], 2, 'valid'],
    ['valid, stride 2, rows left over', [2, 8, 8, 3], [3, 3, 3, 4], 2, 'valid'],
    ['same, stride 2', [2, 9, 8, 3], [3, 3, 3, 4], 2, 'same'],
    ['valid, stride 3, five columns left over', [1, 10, 14, 2], [3, 3, 2, 3], 3, 'valid'],
    ['strides 2 and 1', [2, 9, 9, 2], [3, 2, 2, 3], [2, 1], 'valid'],
    ['8×8 filter, same', [1, 12, 11, 2], [8, 8, 2, 3], 1, 'same'],
    ['5×2 filter, stride 2, same', [2, 11, 9, 1], [5, 2, 1, 4], 2, 'same'],
    ['explicit padding', [2, 7, 7, 2], [3, 3, 2, 3], 1, padding(0, 2, 1, 0)],
    ['explicit padding wider than the filter', [1, 6, 6, 2], [2, 2, 2, 3], 1, padding(3, 2, 2, 3)],
    ['explicit padding, stride 2', [1, 7, 8, 2], [3, 3, 2, 3], 2, padding(1, 2, 2, 1)],
    ['a filter as large as the image', [3, 5, 5, 2], [5, 5, 2, 3], 1, 'valid'],
    ['many channels', [2, 9, 8, 6], [3, 3, 6, 5], 1, 'valid'],
    ['many channels, stride 2, same', [2, 9, 8, 6], [3, 3, 6, 5], 2, 'same'],
    ['many channels, strides 3 and 2, rows left over', [2, 11, 9, 5], [3, 2, 5, 4], [3, 2], 'valid'],
    ['many channels, explicit padding wider than the filter', [1, 6, 6, 5], [2, 2, 5, 3], 1, padding(3, 2, 2, 3)],
    ['many channels, explicit padding, stride 2', [1, 7, 8, 5], [3, 3, 5, 3], 2, padding(1, 2, 2, 1)],
    ['many channels, 8×8 filter, same', [1, 12, 11, 5], [8, 8, 5, 3], 1, 'same'],
  ] as const)('%s', async (_, image, filter, strides, pad) => {
    const gradient = (which: number) => () => {
      const convolve = (x: tf.Tensor, w: tf.Tensor) =>
        tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, strides as [number, number], pad as 'valid');
      return gradients(convolve as (...inputs: tf.Tensor[]) => tf.Tensor, [
        random([...image], 1),
        random([...filter], 2),
      ])[which] as tf.Tensor;
    };
    for (const which of [0, 1]) {
      expect(error(await on('wasm', gradient(which)), await on('cpu', gradient(which)))).toBeLessThan(5e-6);
    }
  });

  test('and finite differences', async () => {
    const image = await on('cpu', () => random([1, 6, 6, 2], 1));
    const loss = (x: tf.Tensor): tf.Tensor => {
      const filtered = tf.conv2d(
        tf.reshape(x, [1, 6, 6, 2]) as tf.Tensor4D,
        random([3, 3, 2, 4], 2) as tf.Tensor4D,
        2,
        'same',
      );
      return tf.sum(tf.mul(filtered, random(filtered.shape, 3)));
    };
    const gradient = await on('wasm', () => tf.grad(loss)(tf.tensor1d(image)));
    const step = 1e-2;
    const differences = new Float32Array(image.length);
    for (const i of image.keys()) {
      const at = async (shift: number) => {
        const moved = image.slice();
        moved[i] = (moved[i] as number) + shift;
        return (await on('wasm', () => loss(tf.tensor1d(moved))))[0] as number;
      };
      differences[i] = ((await at(step)) - (await at(-step))) / (2 * step);
    }
    expect(error(gradient, differences)).toBeLessThan(1e-3);
  });
});

describe('gradient of max-pooling on wasm', () => {
  test.each([
    ['2×2', [2, 6, 6, 3], 2, 2, 'valid'],
    ['2×2, a row and a column left over', [2, 7, 5, 3], 2, 2, 'valid'],
    ['overlapping windows', [2, 8, 7, 2], 3, 2, 'valid'],
    ['same', [2, 7, 7, 2], 3, 2, 'same'],
    ['stride larger than the window', [1, 9, 9, 2], 2, 3, 'valid'],
  ] as const)('equals cpu: %s', async (_, image, size, strides, pad) => {
    // Few distinct values, so that most windows hold ties.
    const few = () => tf.round(random([...image], 1)) as tf.Tensor4D;
    const gradient = () => gradients((x) => tf.maxPool(x as tf.Tensor4D, size, strides, pad), [few()])[0] as tf.Tensor;
    expect(error(await on('wasm', gradient), await on('cpu', gradient))).toBeLessThan(1e-6);
  });

  test('goes to the first of equal cells', async () => {
    const gradient = () => tf.grad((x) => tf.sum(tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid')))(tf.zeros([1, 4, 2, 1]));
    expect([...(await on('wasm', gradient))]).toEqual([1, 0, 0, 0, 1, 0, 0, 0]);
  });
});

test.each([
  [false, true],
  [true, false],
  [true, true],
])('a product of matrices, transposed %s and %s, equals cpu', async (transposeA, transposeB) => {
  const product = () =>
    tf.matMul(
      random(transposeA ? [2, 4, 3] : [2, 3, 4], 1),
      random(transposeB ? [2, 5, 4] : [2, 4, 5], 2),
      transposeA,
      transposeB,
    );
  expect(error(await on('wasm', product), await on('cpu', product))).toBeLessThan(1e-6);
});

describe.each(['wasm', 'cpu'] as const)('on %s', (backend) => {
  test('the sign of the smallest numbers is ±1, of zero 0, and of NaN NaN', async () => {
    const values = [1e-20, -1e-20, 1e-7, -3, 0, Number.NaN, Number.POSITIVE_INFINITY];
    expect([...(await on(backend, () => tf.sign(values)))]).toEqual([1, -1, 1, -1, 0, Number.NaN, 1]);
  });

  test('the gradient of ReLU passes where x > 0 only', async () => {
    const gradient = () => tf.grad((x) => tf.sum(tf.mul(tf.relu(x), [2, 3, 4, 5])))(tf.tensor1d([-1, 0, 1e-30, 2]));
    expect([...(await on(backend, gradient))]).toEqual([0, 0, 4, 5]);
  });

  test('second derivatives pass through ReLU, max-pooling and average pooling', async () => {
    // f(x) = Σ pool(relu(x))², so ∂f/∂x is 2·pool at each winner and Σ (∂f/∂x)² has the derivative 8·x there.
    const image = [1, -2, 3, 0.5, 2, -1, 0.25, -4];
    const f = (x: tf.Tensor): tf.Tensor =>
      tf.sum(tf.square(tf.maxPool(tf.relu(tf.reshape(x, [1, 4, 2, 1])) as tf.Tensor4D, 2, 2, 'valid')));
    const second = () => tf.grad((x) => tf.sum(tf.square(tf.grad(f)(x))))(tf.tensor1d(image));
    expect([...(await on(backend, second))]).toEqual([0, 0, 24, 0, 16, 0, 0, 0]);
    // With averages: ∂f/∂x = 2·mean/4 in each of four cells, its squares add up to mean², and that derives to mean/2.
    const g = (x: tf.Tensor): tf.Tensor =>
      tf.sum(tf.square(tf.avgPool(tf.reshape(x, [1, 4, 2, 1]) as tf.Tensor4D, 2, 2, 'valid')));
    const other = () => tf.grad((x) => tf.sum(tf.square(tf.grad(g)(x))))(tf.tensor1d(image));
    const [first, last] = [2.5 / 4 / 2, -2.75 / 4 / 2];
    expect([...(await on(backend, other))]).toEqual([first, first, first, first, last, last, last, last]);
  });
});

test('the second derivative of overlapping max-pooling is refused', async () => {
  const f = (x: tf.Tensor): tf.Tensor => tf.sum(tf.square(tf.maxPool(x as tf.Tensor4D, 3, 1, 'valid')));
  const second = () => tf.grad((x) => tf.sum(tf.square(tf.grad(f)(x))))(random([1, 5, 5, 1], 1));
  await expect(on('wasm', second)).rejects.toThrow('neither overlap nor are padded');
});

test('registering again changes nothing, and no tensor stays behind', async () => {
  await tf.setBackend('wasm');
  const kernel = tf.getKernel(tf.BatchMatMul, 'wasm');
  registerWasmKernels();
  registerGradients();
  expect(tf.getKernel(tf.BatchMatMul, 'wasm')).toBe(kernel);
  const inputs = [random([2, 8, 8, 2], 1), random([3, 3, 2, 2], 2)];
  const before = tf.memory().numTensors;
  const net = (x: tf.Tensor, w: tf.Tensor): tf.Tensor =>
    tf.maxPool(tf.relu(tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 2, 'same')) as tf.Tensor4D, 2, 2, 'valid');
  tf.dispose(tf.tidy(() => gradients(net as (...given: tf.Tensor[]) => tf.Tensor, inputs)));
  expect(tf.memory().numTensors).toBe(before);
});
