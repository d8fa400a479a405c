import * as tf from '@tensorflow/tfjs';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { convolutionRelu } from '#core/kernels/convolution-relu.ts';
import { startBackend, startReference } from './index.ts';
import { isInstalled } from './native-files.ts';
import { runOp } from './native-op.ts';
import { needsNative } from './testing.ts';

type Shape = [number, number, number, number];
type Pads = [top: number, bottom: number, left: number, right: number];

beforeAll(async () => {
  if (isInstalled('cpu')) await startBackend('native');
});
beforeEach(needsNative);

const normal = (shape: readonly number[], seed: number): Float32Array =>
  tf.tidy(
    () =>
      tf
        .randomNormal([...shape], 0, 1, 'float32', seed)
        .dataSync()
        .slice() as Float32Array,
  );

/** x ∗ filter with stride 1 in 64 bits. `turned`: the filter is [3, 3, out, in] and turned by 180°. */
function reference(x: Float32Array, shape: Shape, filter: Float32Array, out: number, pads: Pads, turned = false) {
  const [batch, height, width, channels] = shape;
  const [rows, columns] = [height + pads[0] + pads[1] - 2, width + pads[2] + pads[3] - 2];
  const y = new Float64Array(batch * rows * columns * out);
  for (let place = 0; place < batch * rows * columns; place++) {
    const image = Math.floor(place / (rows * columns));
    for (let tap = 0; tap < 9; tap++) {
      const r = (Math.floor(place / columns) % rows) - pads[0] + Math.floor(tap / 3);
      const s = (place % columns) - pads[2] + (tap % 3);
      if (r < 0 || r >= height || s < 0 || s >= width) continue;
      for (let k = 0; k < channels; k++) {
        const value = x[((image * height + r) * width + s) * channels + k] as number;
        for (let n = 0; n < out; n++) {
          const weight = turned ? (8 - tap) * out * channels + n * channels + k : (tap * channels + k) * out + n;
          y[place * out + n] = (y[place * out + n] as number) + value * (filter[weight] as number);
        }
      }
    }
  }
  return y;
}

/** The largest difference, relative to the largest wanted value. */
function error(actual: ArrayLike<number>, wanted: ArrayLike<number>): number {
  expect(actual.length).toBe(wanted.length);
  let [worst, scale] = [0, 0];
  for (let i = 0; i < wanted.length; i++) {
    const difference = Math.abs((wanted[i] as number) - (actual[i] as number));
    worst = difference <= worst ? worst : difference;
    scale = Math.max(scale, Math.abs(wanted[i] as number));
  }
  return worst / scale;
}

/** TensorFlow's own convolution without padding, which the kernel of ours stands in front of. */
function stock(x: tf.Tensor, filter: tf.Tensor): tf.Tensor {
  const backend = tf.backend() as unknown as {
    binding: Record<'TF_ATTR_TYPE' | 'TF_FLOAT' | 'TF_ATTR_INT' | 'TF_ATTR_STRING', number>;
    executeSingleOutput(op: string, attributes: object[], inputs: tf.Tensor[]): tf.Tensor;
  };
  const { TF_ATTR_TYPE, TF_FLOAT, TF_ATTR_INT, TF_ATTR_STRING } = backend.binding;
  const attributes = [
    { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT },
    { name: 'strides', type: TF_ATTR_INT, value: [1, 1, 1, 1] },
    { name: 'padding', type: TF_ATTR_STRING, value: 'VALID' },
  ];
  return backend.executeSingleOutput('Conv2D', attributes, [x, filter]);
}

// What the op takes in C++, whatever the kernels hand to it.
describe.each([0, 4, 8])('Winograd’s algorithm, %i floats in a vector at most (0: as many as there are)', (lanes) => {
  test.for([
    ['one tile', [1, 6, 6, 16], 16, [0, 0, 0, 0]],
    ['many tiles', [3, 18, 14, 32], 32, [0, 0, 0, 0]],
    ['parts of tiles', [2, 9, 7, 64], 64, [0, 0, 0, 0]],
    ['one output', [1, 3, 3, 8], 8, [0, 0, 0, 0]],
    ['padding that keeps the size', [2, 8, 10, 16], 24, [1, 1, 1, 1]],
    ['different padding on each side', [2, 7, 5, 16], 16, [0, 3, 2, 1]],
    ['padding that cuts off', [2, 9, 8, 16], 16, [-1, 0, 0, -2]],
    ['channels that fill no vector', [2, 8, 8, 19], 37, [0, 0, 0, 0]],
    ['one channel', [2, 8, 8, 1], 1, [1, 1, 1, 1]],
    ['as in the CIFAR net', [2, 12, 12, 128], 128, [0, 0, 0, 0]],
  ] as [string, Shape, number, Pads][])('%s', ([, shape, out, pads]) => {
    const [batch, height, width, channels] = shape;
    const size = [height + pads[0] + pads[1] - 2, width + pads[2] + pads[3] - 2];
    const values = normal(shape, 1);
    const filter = normal([3, 3, channels, out], 2);
    const bias = normal([out], 3);
    const mask = normal(shape, 4).map((value) => Math.max(0, value));
    const run = (turned: number, relu: number, third: number, other: tf.Tensor): Float32Array => {
      const sides = turned ? [out, channels] : [channels, out];
      const inputs = [tf.tensor(values, shape), tf.tensor(filter, [3, 3, ...sides]), other];
      const settings = [pads[0], pads[2], ...size, turned, relu, third, lanes];
      const y = runOp(tf.backend(), 'ParapetConv3x3', inputs, { settings });
      expect(y.shape).toEqual([batch, ...size, out]);
      return y.dataSync() as Float32Array;
    };
    tf.tidy(() => {
      const plain = reference(values, shape, filter, out, pads);
      expect(error(run(0, 0, 0, tf.zeros([1, 1, 1, 1])), plain)).toBeLessThan(4e-6);
      const rectified = plain.map((value, i) => Math.max(0, value + (bias[i % out] as number)));
      expect(error(run(0, 1, 1, tf.tensor(bias)), rectified)).toBeLessThan(4e-6);
      const kept = values.map((value, i) => ((mask[i] as number) > 0 ? value : 0));
      const turned = reference(kept, shape, filter, out, pads, true);
      expect(error(run(1, 0, 2, tf.tensor(mask, shape)), turned)).toBeLessThan(4e-6);
    });
  });
});

// Measured, against 64 bits: 1.8 to 2.3 times TensorFlow's, 1.2e-6 to 2.1e-6 of the largest output.
test.for([
  ['32 channels', [4, 14, 14, 32], 32],
  ['64 channels', [4, 14, 14, 64], 64],
  ['128 channels', [4, 14, 14, 128], 128],
] as [string, Shape, number][])('the error is at most five times TensorFlow’s: %s', ([, shape, out]) => {
  const filter = normal([3, 3, shape[3], out], 2);
  const values = normal(shape, 1);
  const wanted = reference(values, shape, filter, out, [0, 0, 0, 0]);
  const [direct, ours] = tf.tidy(() => {
    const inputs = [tf.tensor(values, shape), tf.tensor(filter, [3, 3, shape[3], out])] as [tf.Tensor4D, tf.Tensor4D];
    return [stock(...inputs), tf.conv2d(...inputs, 1, 'valid')].map((y) => error(y.dataSync(), wanted));
  }) as unknown as [number, number];
  expect(ours).toBeLessThan(5 * direct);
});

describe('convolutionRelu and its gradients equal the cpu backend’s', () => {
  test.for([
    ['3×3, valid', [3, 9, 8, 16], [3, 3, 16, 24], 'valid'],
    ['3×3, same', [2, 7, 10, 20], [3, 3, 20, 16], 'same'],
    ['too few channels for Winograd', [2, 9, 8, 3], [3, 3, 3, 16], 'valid'],
    ['too many taps for it', [2, 9, 8, 16], [5, 5, 16, 16], 'same'],
  ] as [string, Shape, Shape, 'valid' | 'same'][])('%s', async ([, image, filter, pad]) => {
    const values = [normal(image, 1), normal(filter, 2), normal([filter[3]], 3)] as const;
    const loss = (...[x, weights, bias]: tf.Tensor[]): tf.Tensor => {
      const y = convolutionRelu(x as tf.Tensor4D, weights as tf.Tensor4D, bias as tf.Tensor1D, pad);
      return tf.sum(tf.mul(tf.square(y), tf.randomNormal(y.shape, 0, 1, 'float32', 9)));
    };
    const compute = (): tf.Tensor[] => {
      const [x, ...weights] = [tf.tensor(values[0], image), tf.tensor(values[1], filter), tf.tensor(values[2])];
      const { value, grads } = tf.valueAndGrads(loss)([x as tf.Tensor, ...weights]);
      // What a penalty on the input gradient asks for: its squares, by the weights.
      const penalty = (...given: tf.Tensor[]): tf.Tensor =>
        tf.sum(tf.square(tf.grad((input) => loss(input, ...given))(x as tf.Tensor)));
      return [value, ...grads, ...tf.grads(penalty)(weights)];
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

/** A forward pass and an input gradient of some images, on one thread or several. */
function pass(images: number, threads: number): [Float32Array, Float32Array] {
  const usual = process.env.TF_NUM_INTRAOP_THREADS;
  process.env.TF_NUM_INTRAOP_THREADS = String(threads);
  const results = tf.tidy(() => {
    const all = tf.tensor(normal([7, 14, 14, 32], 1), [7, 14, 14, 32]) as tf.Tensor4D;
    const x = tf.slice(all, [0, 0, 0, 0], [images, -1, -1, -1]);
    const filter = tf.tensor(normal([3, 3, 32, 64], 2), [3, 3, 32, 64]) as tf.Tensor4D;
    const { value, grad } = tf.valueAndGrad((input: tf.Tensor4D) => {
      return tf.sum(tf.square(convolutionRelu(input, filter, tf.zeros([64]), 'valid')));
    })(x);
    const y = convolutionRelu(x, filter, tf.zeros([64]), 'valid');
    return [y, grad, value].map((tensor) => tensor.dataSync()) as unknown as [Float32Array, Float32Array];
  });
  process.env.TF_NUM_INTRAOP_THREADS = usual;
  return results;
}

test('neither the threads nor the other images of a batch change an image’s results', () => {
  const [y, gradient] = pass(7, 1);
  for (const [actual, wanted] of [
    [pass(7, 2), [y, gradient]],
    [pass(7, 5), [y, gradient]],
    [pass(3, 2), [y, gradient]],
    [pass(1, 1), [y, gradient]],
  ] as const) {
    for (const which of [0, 1] as const) {
      const part = actual[which];
      expect(Buffer.from(part.buffer, part.byteOffset, part.byteLength)).toEqual(
        Buffer.from(wanted[which].buffer, wanted[which].byteOffset, part.byteLength),
      );
    }
  }
});

test('where a whole tile is zero the result is zero, and ReLU lets nothing through at 0', () => {
  const filter = tf.tensor(normal([3, 3, 16, 16], 2), [3, 3, 16, 16]) as tf.Tensor4D;
  const { value, grad } = tf.valueAndGrad((x: tf.Tensor4D) =>
    tf.sum(convolutionRelu(x, filter, tf.zeros([16]), 'valid')),
  )(tf.zeros([2, 9, 9, 16]));
  expect(value.dataSync()[0]).toBe(0);
  expect(grad.dataSync().every((entry) => entry === 0)).toBe(true);
  tf.dispose([filter, value, grad]);
});

test('shapes that do not fit are refused, not computed', () => {
  const run = (filter: number[], other: number[], third: number) => () =>
    tf.tidy(() => {
      const inputs = [tf.ones([1, 6, 6, 4]), tf.ones(filter), tf.ones(other)];
      return runOp(tf.backend(), 'ParapetConv3x3', inputs, { settings: [0, 0, 4, 4, 0, 0, third, 0] });
    });
  expect(run([3, 3, 5, 8], [1, 1, 1, 1], 0)).toThrow('does not fit x');
  expect(run([5, 5, 4, 8], [1, 1, 1, 1], 0)).toThrow('not of 3×3');
  expect(run([3, 3, 4, 8], [7], 1)).toThrow('the bias does not fit');
  expect(run([3, 3, 4, 8], [1, 6, 6, 5], 2)).toThrow('the mask does not fit');
  expect(run([3, 3, 4, 8], [8], 0)).toThrow('dimensions');
});
