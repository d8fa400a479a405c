import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { startBackend } from '../../backends/index.ts';
import { thermometerCode } from './thermometer.ts';

beforeAll(async () => {
  await startBackend('wasm');
});

/** An image of two pixels with two channels each. */
const image = [0, 1, 0.2, 0.5];

test('a value is coded by the levels that it is above, channel by channel', () => {
  const code = tf.tidy(() => thermometerCode(tf.tensor4d(image, [1, 1, 2, 2])).arraySync());
  const above = (value: number) => Array.from({ length: 16 }, (_, k) => (value > k / 16 ? 1 : 0));
  expect(code).toEqual([
    [
      [
        [...above(0), ...above(1)],
        [...above(0.2), ...above(0.5)],
      ],
    ],
  ]);
  expect(above(0.2)).toEqual([1, 1, 1, 1, ...Array<number>(12).fill(0)]);
});

test('the gradient is that of the ramp of each level, at its ends too', () => {
  const weights = Array.from({ length: 2 * 2 * 16 }, (_, i) => i + 1);
  const dx = tf.tidy(() =>
    tf
      .grad((x) => tf.sum(tf.mul(tf.reshape(thermometerCode(x as tf.Tensor4D), [-1]), weights)))(
        tf.tensor4d(image, [1, 1, 2, 2]),
      )
      .dataSync(),
  );
  const weight = (value: number, level: number) => 16 * value + level + 1;
  // 0 is on the first ramp, 1 on the last, 0.2 on that from 3/16 to 4/16, and 0.5 on the end of one and the start of the next.
  expect([...dx]).toEqual([
    16 * weight(0, 0),
    16 * weight(1, 15),
    16 * weight(2, 3),
    16 * (weight(3, 7) + weight(3, 8)),
  ]);
});

test('no value of a pixel is without a gradient', () => {
  const values = Array.from({ length: 256 }, (_, i) => i / 255);
  const dx = tf.tidy(() =>
    tf
      .grad((x) => tf.sum(thermometerCode(x as tf.Tensor4D)))(tf.tensor4d(values, [1, 16, 16, 1]))
      .dataSync(),
  );
  expect(dx.every((slope) => slope > 0)).toBe(true);
});
