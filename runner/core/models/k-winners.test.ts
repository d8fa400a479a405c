import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { startBackend } from '../../backends/index.ts';
import { classifierOf } from './index.ts';
import { kWinnersMnist } from './k-winners.ts';

beforeAll(async () => {
  await startBackend('wasm');
});

/** The score of class 0 of a net that says the sum of 200 units, whatever the image. */
function scoreOf(units: readonly number[]): number {
  const values = Object.fromEntries(
    kWinnersMnist.parameters.map(({ name, shape }) => [name, new Float32Array(shape.reduce((n, side) => n * side, 1))]),
  );
  values['fc1.bias']?.set(units);
  for (let i = 0; i < 200; i++) {
    values['fc2.weight']?.fill(1, 201 * i, 201 * i + 1);
    values['fc3.weight']?.fill(1, 10 * i, 10 * i + 1);
  }
  const classifier = classifierOf(kWinnersMnist, values);
  const [score] = tf.tidy(() => classifier.logits(tf.zeros([1, 28, 28, 1])).dataSync());
  classifier.dispose();
  return score as number;
}

test('the tenth part of a layer’s units stays, those with the largest values', () => {
  // Of 1 … 200 those from 181 on, whose mean is 190.5.
  expect(scoreOf(Array.from({ length: 200 }, (_, i) => ((77 * i) % 200) + 1))).toBe(20 * 190.5);
});

test('a negative unit that stays in one layer loses to the zeros of the next', () => {
  // 19 ones and the largest of the rest, −1: in the second layer the 20th largest value is 0.
  expect(scoreOf(Array.from({ length: 200 }, (_, i) => (i < 19 ? 1 : -(i - 18))))).toBe(19);
});
