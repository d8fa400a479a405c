import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startReference } from './index.ts';

type Shape = [number, number, number, number];

beforeAll(startReference);
afterAll(() => tf.removeBackend('cpu'));

/** The definition, in 64 bits. */
function defined(x: Float32Array, [, height, width, channels]: Shape, filter: Float32Array, [fh, fw, , out]: Shape) {
  return (image: number, top: number, left: number, k: number) => {
    let sum = 0;
    for (let r = 0; r < fh; r++) {
      for (let s = 0; s < fw; s++) {
        const [row, column] = [top + r, left + s];
        if (row < 0 || row >= height || column < 0 || column >= width) continue;
        for (let c = 0; c < channels; c++) {
          const value = x[((image * height + row) * width + column) * channels + c] as number;
          sum += value * (filter[((r * fw + s) * channels + c) * out + k] as number);
        }
      }
    }
    return sum;
  };
}

test.each([
  ['3×3, same', [1, 40, 56, 64], [3, 3, 64, 33], 1, 'same', 1],
  ['7×7 at stride 2, as a ResNet begins', [2, 130, 128, 3], [7, 7, 3, 64], 2, 3, 3],
  ['1×1 at stride 2', [1, 81, 81, 128], [1, 1, 128, 160], 2, 'valid', 0],
] as const)('a large convolution is what its definition says: %s', (_, shape, filterShape, stride, pad, before) => {
  const x = tf.randomNormal([...shape], 0, 1, 'float32', 1) as tf.Tensor4D;
  const filter = tf.randomNormal([...filterShape], 0, 1, 'float32', 2) as tf.Tensor4D;
  const y = tf.conv2d(x, filter, stride, pad, 'NHWC', 1, typeof pad === 'number' ? 'floor' : undefined);
  const [batch, rows, columns, out] = y.shape;
  const values = y.dataSync();
  const wanted = defined(x.dataSync<'float32'>(), [...shape], filter.dataSync<'float32'>(), [...filterShape]);
  // Corners, edges, the last filter and a stretch in the middle.
  for (const image of [0, batch - 1]) {
    for (const row of [0, 1, rows >> 1, rows - 1]) {
      for (const column of [0, 1, columns >> 1, columns - 2, columns - 1]) {
        for (const k of [0, 1, out - 1]) {
          const place = ((image * rows + row) * columns + column) * out + k;
          // One rounding to 32 bits.
          const exact = wanted(image, row * stride - before, column * stride - before, k);
          expect(values[place]).toBe(Math.fround(exact));
        }
      }
    }
  }
});
