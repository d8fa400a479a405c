import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { attackLoss, attackLosses } from '../../losses.ts';
import { exampleRandom } from '../../random.ts';
import { lossValues } from './loss-values.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const rows = 50;
const classes = 6;
const spread = exampleRandom(3, 'logits').normal([0], 0, rows * classes);
const y = Int32Array.from({ length: rows }, (_, i) => i % classes);
const target = y.map((own) => (own + 2) % classes);

describe.each(attackLosses)('%s', (kind) => {
  test.each([
    ['untargeted', null],
    ['targeted', target],
  ])('%s: what the tensors say, up to their rounding', async (_name, goal) => {
    for (const scale of [0.1, 1, 10]) {
      const logits = spread.map((value) => scale * value);
      const onTensors = tf.tidy(() => attackLoss(kind, y, goal)(tf.tensor2d(logits.slice(), [rows, classes])));
      const wanted = await onTensors.data();
      onTensors.dispose();
      const values = lossValues(kind, logits, classes, y, goal);
      for (const [i, value] of values.entries()) {
        const wish = wanted[i] as number;
        expect(Math.abs(value - wish)).toBeLessThan(1e-5 * Math.max(1, Math.abs(wish)));
      }
    }
  });

  test('NaN logits give NaN and ties a number', () => {
    const logits = Float32Array.of(Number.NaN, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2);
    const [broken, tied] = lossValues(kind, logits, classes, Int32Array.of(1, 1), null);
    expect(broken).toBeNaN();
    expect(tied).toSatisfy(Number.isFinite);
  });
});

test('cross-entropies that float32 rounds to 0 are told apart', () => {
  const logits = Float32Array.of(50, 0, 0, 51, 0, 0, 700, 0, 0);
  const values = lossValues('ce', logits, 3, new Int32Array(3), null);
  expect(values[0]).toBeCloseTo(2 * Math.exp(-50), 30);
  expect((values[0] as number) / (2 * Math.exp(-50))).toBeCloseTo(1, 10);
  expect((values[0] as number) / (values[1] as number)).toBeCloseTo(Math.E, 10);
  expect(values[2]).toBeGreaterThan(0);
});

test('the margin and DLR of an image that is tied for the first place are 0', () => {
  for (const kind of ['margin', 'dlr'] as const) {
    expect(lossValues(kind, Float32Array.of(3, 3, 1, 0), 4, Int32Array.of(1), null)[0]).toBeCloseTo(0, 12);
  }
});
