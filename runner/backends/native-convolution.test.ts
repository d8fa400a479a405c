import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { convolutionRelu } from '#core/kernels/convolution-relu.ts';
import { convolutionReluPool } from '#core/kernels/convolution-relu-pool.ts';
import { startBackend, startReference } from './index.ts';
import { isInstalled } from './native-files.ts';
import { runOp } from './native-op.ts';
import { error, filterGradient, normal, reference, type Shape, stock } from './native-reference.ts';
import { needsNative } from './testing.ts';

beforeAll(async () => {
  if (isInstalled('cpu')) await startBackend('native');
});
beforeEach(needsNative);
afterEach(() => {
  vi.unstubAllEnvs();
});

// What the ops take in C++, whatever the kernels hand to them; with the vectors of older processors too.
describe.each(['16', '8', '4'])('Winograd’s algorithm, %s floats in a vector', (floats) => {
  beforeEach(() => {
    vi.stubEnv('PARAPET_VECTOR_FLOATS', floats);
  });

  test.for([
    ['one tile', [1, 6, 6, 16], 16, [0, 0, 0, 0]],
    ['many tiles', [3, 18, 14, 32], 32, [0, 0, 0, 0]],
    ['parts of tiles', [2, 9, 7, 64], 64, [0, 0, 0, 0]],
    ['one output', [1, 3, 3, 8], 8, [0, 0, 0, 0]],
    ['padding wider than the filter', [1, 4, 5, 8], 8, [3, 4, 3, 3]],
    ['padding that keeps the size', [2, 8, 10, 16], 24, [1, 1, 1, 1]],
    ['different padding on each side', [2, 7, 5, 16], 16, [0, 3, 2, 1]],
    ['padding that cuts off', [2, 9, 8, 16], 16, [-1, 0, 0, -2]],
    ['channels that fill no vector', [2, 8, 8, 19], 37, [0, 0, 0, 0]],
    ['one channel', [2, 8, 8, 1], 1, [1, 1, 1, 1]],
    ['more images than are summed together', [37, 6, 7, 8], 8, [0, 0, 0, 0]],
    ['as in the CIFAR net', [1, 8, 8, 128], 128, [0, 0, 0, 0]],
  ] as [string, Shape, number, [number, number, number, number]][])('%s', ([, shape, out, pads]) => {
    const [batch, height, width, channels] = shape;
    const size = [height + pads[0] + pads[1] - 2, width + pads[2] + pads[3] - 2] as const;
    const outShape: Shape = [batch, ...size, out];
    const values = normal(shape, 1);
    const filter = normal([3, 3, channels, out], 2);
    const bias = normal([out], 3);
    const dy = normal(outShape, 4);
    const y = normal(outShape, 5);
    const passed = dy.map((value, i) => ((y[i] as number) > 0 ? value : 0));
    // The gradient of x is a convolution of dy with the turned filter.
    const back = [2 - pads[0], 2 - pads[1], 2 - pads[2], 2 - pads[3]] as const;
    tf.tidy(() => {
      const geometry = [3, 3, 1, 1, pads[0], pads[2], height, width, ...size];
      const run = (op: string, ...inputs: tf.Tensor[]) => runOp(tf.backend(), op, inputs, { geometry }).dataSync();
      const x = tf.tensor(values, shape);
      const weights = tf.tensor(filter, [3, 3, channels, out]);
      const [gradient, gate] = [tf.tensor(dy, outShape), tf.tensor(y, outShape)];
      const plain = reference(values, shape, filter, out, pads);
      const rectified = plain.map((value, i) => Math.max(0, value + (bias[i % out] as number)));
      for (const [actual, wanted] of [
        [run('ParapetConv3x3', x, weights), plain],
        [run('ParapetConv3x3Relu', x, weights, tf.tensor(bias)), rectified],
        [run('ParapetConv3x3InputGrad', gradient, weights), reference(dy, outShape, filter, channels, back, true)],
        [
          run('ParapetConv3x3ReluInputGrad', gradient, weights, gate),
          reference(passed, outShape, filter, channels, back, true),
        ],
        [run('ParapetConv3x3FilterGrad', x, gradient), filterGradient(values, shape, dy, outShape, pads)],
        [run('ParapetConv3x3ReluFilterGrad', x, gradient, gate), filterGradient(values, shape, passed, outShape, pads)],
      ] as const) {
        expect(error(actual, wanted)).toBeLessThan(4e-6);
      }
    });
  });
});

// Measured, of normal images and filters against 64 bits: 1.6 to 1.7 times TensorFlow's error, or 1.0e-6 to 1.9e-6 of
// the largest output.
test.for([
  ['32 channels', [2, 14, 14, 32], 32],
  ['64 channels', [2, 14, 14, 64], 64],
  ['128 channels', [2, 10, 10, 128], 128],
] as [string, Shape, number][])('the error is at most five times TensorFlow’s: %s', ([, shape, out]) => {
  const filter = normal([3, 3, shape[3], out], 2);
  const values = normal(shape, 1);
  const wanted = reference(values, shape, filter, out, [0, 0, 0, 0]);
  const errors = tf.tidy(() => {
    const x = tf.tensor(values, shape);
    const weights = tf.tensor(filter, [3, 3, shape[3], out]);
    const ours = tf.conv2d(x as tf.Tensor4D, weights as tf.Tensor4D, 1, 'valid');
    return { direct: error(stock(x, weights).dataSync(), wanted), ours: error(ours.dataSync(), wanted) };
  }) as unknown as { direct: number; ours: number };
  expect(errors.ours).toBeLessThan(5 * errors.direct);
});

describe.each(['16', '8', '4'])('layers equal the cpu backend’s, %s floats in a vector', (floats) => {
  test.for([
    ['3×3, valid', false, [3, 10, 9, 16], [3, 3, 16, 32], 'valid'],
    ['3×3, same', false, [2, 7, 10, 20], [3, 3, 20, 24], 'same'],
    ['a first layer', false, [5, 9, 8, 3], [3, 3, 3, 16], 'valid'],
    ['a first layer, same', false, [5, 9, 8, 3], [3, 3, 3, 67], 'same'],
    ['a first layer, one channel', false, [5, 9, 8, 1], [3, 3, 1, 32], 'valid'],
    ['a first layer of 5×5', false, [5, 9, 8, 1], [5, 5, 1, 20], 'same'],
    ['too few channels for Winograd', false, [2, 9, 8, 7], [3, 3, 7, 16], 'same'],
    ['too many taps for it', false, [2, 9, 8, 16], [5, 5, 16, 16], 'same'],
    ['pooled, valid', true, [3, 10, 12, 16], [3, 3, 16, 32], 'valid'],
    ['pooled, rows and columns left over', true, [3, 11, 9, 16], [3, 3, 16, 37], 'valid'],
    ['pooled, same', true, [2, 8, 11, 20], [3, 3, 20, 24], 'same'],
    ['pooled, more images than are summed together', true, [18, 6, 6, 16], [3, 3, 16, 32], 'valid'],
    ['pooled, a first layer', true, [5, 9, 8, 3], [3, 3, 3, 16], 'valid'],
    ['pooled, too many taps for Winograd', true, [2, 9, 9, 16], [5, 5, 16, 17], 'same'],
  ] as [string, boolean, Shape, Shape, 'valid' | 'same'][])('%s', async ([, pooled, image, filter, pad]) => {
    vi.stubEnv('PARAPET_VECTOR_FLOATS', floats);
    const values = [normal(image, 1), normal(filter, 2), normal([filter[3]], 3)] as const;
    const layer = pooled ? convolutionReluPool : convolutionRelu;
    const loss = (...[x, weights, bias]: tf.Tensor[]): tf.Tensor => {
      const y = layer(x as tf.Tensor4D, weights as tf.Tensor4D, bias as tf.Tensor1D, pad);
      return tf.sum(tf.mul(tf.square(y), tf.randomNormal(y.shape, 0, 1, 'float32', 9)));
    };
    const compute = (): tf.Tensor[] => {
      const [x, ...weights] = [tf.tensor(values[0], image), tf.tensor(values[1], filter), tf.tensor(values[2])];
      const y = layer(x as tf.Tensor4D, weights[0] as tf.Tensor4D, weights[1] as tf.Tensor1D, pad);
      const { grads } = tf.valueAndGrads(loss)([x as tf.Tensor, ...weights]);
      // What a penalty on the input gradient asks for: its squares, by the weights.
      const penalty = (...given: tf.Tensor[]): tf.Tensor =>
        tf.sum(tf.square(tf.grad((input) => loss(input, ...given))(x as tf.Tensor)));
      return [y, ...grads, ...tf.grads(penalty)(weights)];
    };
    await startReference();
    const wanted = tf.tidy(compute).map((tensor) => tensor.dataSync());
    await startBackend('native');
    const before = tf.memory().numTensors;
    const actual = tf.tidy(compute);
    for (const [i, tensor] of actual.entries()) {
      expect(error(tensor.dataSync(), wanted[i] as Float32Array)).toBeLessThan(1e-5);
    }
    expect(tf.memory().numTensors).toBe(before + actual.length);
    tf.dispose(actual);
  });
});

/** Bits of a net's output and of its gradients by images and weights, on some threads. */
function bits(images: number, threads: number): Buffer[] {
  vi.stubEnv('TF_NUM_INTRAOP_THREADS', String(threads));
  return tf.tidy(() => {
    const all = tf.tensor(normal([37, 14, 14, 3], 1), [37, 14, 14, 3]);
    const weights = [
      ...[tf.tensor(normal([3, 3, 3, 32], 2), [3, 3, 3, 32]), tf.tensor(normal([32], 3))],
      ...[tf.tensor(normal([3, 3, 32, 64], 4), [3, 3, 32, 64]), tf.tensor(normal([64], 5))],
    ];
    const net = (x: tf.Tensor, ...[filter1, bias1, filter2, bias2]: tf.Tensor[]): tf.Tensor => {
      const first = convolutionRelu(x as tf.Tensor4D, filter1 as tf.Tensor4D, bias1 as tf.Tensor1D, 'valid');
      return convolutionReluPool(first, filter2 as tf.Tensor4D, bias2 as tf.Tensor1D, 'valid');
    };
    const x = tf.slice(all, [0, 0, 0, 0], [images, -1, -1, -1]);
    const { grads } = tf.valueAndGrads((...given: tf.Tensor[]) =>
      tf.sum(tf.square(net(given[0] as tf.Tensor, ...given.slice(1)))),
    )([x, ...weights]);
    return [net(x, ...weights), ...grads].map((tensor) => {
      const values = tensor.dataSync();
      return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    }) as unknown as tf.TensorContainer;
  }) as unknown as Buffer[];
}

test('the threads change no bit of anything, the other images of a batch none of an image’s results', () => {
  const wanted = bits(37, 1);
  expect(wanted).toHaveLength(6);
  for (const threads of [2, 5]) expect(bits(37, threads)).toEqual(wanted);
  for (const images of [1, 10]) {
    const [y, gradient] = bits(images, 2) as [Buffer, Buffer];
    expect(y).toEqual(wanted[0]?.subarray(0, y.length));
    expect(gradient).toEqual(wanted[1]?.subarray(0, gradient.length));
  }
});

test.each([
  ['3×3', [3, 10, 12, 32], [3, 3, 32, 32]],
  ['rows and columns left over', [3, 9, 11, 32], [3, 3, 32, 37]],
  ['not by Winograd', [3, 9, 11, 8], [5, 5, 8, 8]],
] as [string, Shape, Shape][])(
  'pooling at once gives the bits of pooling after, ties included: %s',
  (_, image, filter) => {
    // Few distinct values, so that windows hold ties, some of them at 0.
    const round = (shape: readonly number[], seed: number) => normal(shape, seed).map((value) => Math.round(value));
    const inputs = [tf.tensor(round(image, 1), image), tf.tensor(round(filter, 2), filter), tf.zeros([filter[3]])];
    const outcome = (layer: typeof convolutionRelu) =>
      tf.tidy(() => {
        const loss = (...[x, weights, bias]: tf.Tensor[]) => {
          const y = layer(x as tf.Tensor4D, weights as tf.Tensor4D, bias as tf.Tensor1D, 'same');
          return tf.sum(tf.mul(y, tf.randomNormal(y.shape, 0, 1, 'float32', 9)));
        };
        const y = layer(...(inputs as [tf.Tensor4D, tf.Tensor4D, tf.Tensor1D]), 'same');
        return [y, ...tf.grads(loss)(inputs).slice(0, 2)].map((tensor) =>
          tensor.dataSync(),
        ) as unknown as tf.TensorContainer;
      }) as unknown as Float32Array[];
    const actual = outcome(convolutionReluPool);
    const wanted = outcome((...given) => tf.maxPool(convolutionRelu(...given), 2, 2, 'valid'));
    // `+ 0` makes zeros of one sign of them.
    expect(actual.map((values) => values.map((value) => value + 0))).toEqual(
      wanted.map((values) => values.map((value) => value + 0)),
    );
    tf.dispose(inputs);
  },
);

test('where a whole tile is zero the result is zero, and ReLU lets nothing through at 0', () => {
  const filter = tf.tensor(normal([3, 3, 24, 24], 2), [3, 3, 24, 24]) as tf.Tensor4D;
  const { value, grad } = tf.valueAndGrad((x: tf.Tensor4D) =>
    tf.sum(convolutionRelu(x, filter, tf.zeros([24]), 'valid')),
  )(tf.zeros([2, 9, 9, 24]));
  expect(value.dataSync()[0]).toBe(0);
  expect(grad.dataSync().every((entry) => entry === 0)).toBe(true);
  tf.dispose([filter, value, grad]);
});

describe('shapes that do not fit are refused, not computed', () => {
  const geometry = [3, 3, 1, 1, 0, 0, 6, 6, 4, 4];
  const run =
    (op: string, ...shapes: number[][]) =>
    () =>
      tf.tidy(() => {
        const inputs = shapes.map((shape) => tf.ones(shape));
        return runOp(tf.backend(), op, inputs, { geometry });
      });

  test('3×3', () => {
    const x = [1, 6, 6, 4];
    expect(run('ParapetConv3x3', x, [3, 3, 5, 8])).toThrow('does not fit x');
    expect(run('ParapetConv3x3', x, [5, 5, 4, 8])).toThrow('not of 3×3');
    expect(run('ParapetConv3x3Relu', x, [3, 3, 4, 8], [7])).toThrow('the bias does not fit');
    expect(run('ParapetConv3x3Relu', x, [3, 3, 4, 8], [1, 8])).toThrow('dimensions');
    expect(run('ParapetConv3x3InputGrad', [1, 4, 4, 8], [3, 3, 4, 7])).toThrow('does not fit dy');
    expect(run('ParapetConv3x3InputGrad', [1, 4, 3, 8], [3, 3, 4, 8])).toThrow('does not fit dy');
    expect(run('ParapetConv3x3ReluInputGrad', [1, 4, 4, 8], [3, 3, 4, 8], [1, 4, 4, 7])).toThrow('do not fit dy');
  });

  test('gradients of filter and bias', () => {
    expect(run('ParapetConv3x3FilterGrad', [2, 6, 6, 4], [1, 4, 4, 8])).toThrow('do not fit each other');
    expect(run('ParapetConv3x3FilterGrad', [2, 6, 6, 4], [2, 4, 5, 8])).toThrow('do not fit each other');
    expect(run('ParapetConv3x3ReluFilterGrad', [2, 6, 6, 4], [2, 4, 4, 8], [2, 4, 4, 7])).toThrow('do not fit dy');
    expect(run('ParapetReluBiasGrad', [2, 4, 4, 8], [2, 4, 4, 7])).toThrow('the mask does not fit dy');
  });

  test('pooled', () => {
    const pooled =
      (op: string, ...shapes: number[][]) =>
      () =>
        tf.tidy(() => {
          const inputs = shapes.map((shape) => tf.ones(shape));
          return runOp(tf.backend(), op, [...inputs, tf.ones([1, 2, 2, 1], 'int32')], { geometry });
        });
    expect(pooled('ParapetConv3x3ReluPoolInputGrad', [1, 2, 2, 8], [3, 3, 4, 8])).toThrow('do not fit dy');
    expect(pooled('ParapetConv3x3ReluPoolInputGrad', [1, 4, 4, 4], [3, 3, 4, 4])).toThrow('do not fit dy');
    expect(pooled('ParapetConv3x3ReluPoolFilterGrad', [1, 6, 6, 4], [1, 2, 2, 5])).toThrow('do not fit dy');
    expect(pooled('ParapetUnpool', [1, 2, 3, 4])).toThrow('do not fit');
  });

  test('first layers', () => {
    expect(run('ParapetConvRelu', [1, 6, 6, 3], [3, 3, 4, 8], [8])).toThrow('does not fit x');
    expect(run('ParapetConvRelu', [1, 6, 6, 3], [5, 3, 3, 8], [8])).toThrow('does not fit x');
    expect(run('ParapetConvRelu', [1, 6, 6, 3], [3, 3, 3, 8], [7])).toThrow('or the bias');
    expect(run('ParapetConvReluInputGrad', [1, 4, 4, 8], [3, 3, 3, 7], [1, 4, 4, 8])).toThrow('does not fit dy');
    expect(run('ParapetConvReluInputGrad', [1, 4, 4, 8], [3, 3, 3, 8], [1, 4, 4, 7])).toThrow('the mask does not fit');
  });
});
