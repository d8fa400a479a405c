import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { startBackend } from '../../../backends/index.ts';
import { distances } from '../../metrics/judge.ts';
import { norms, project } from '../../projections.ts';
import { exampleRandom } from '../../random.ts';
import { perRow } from '../../tensors.ts';
import { projectRows } from './row-projections.ts';

const ROWS = 20;
const SIZE = 48;
const radii = { L0: 7, L1: 1.5, L2: 0.5, Linf: 0.12 };

describe.each(['cpu', 'wasm'] as const)('on %s', (backend) => {
  beforeAll(async () => {
    await (backend === 'cpu' ? tf.setBackend('cpu') : startBackend('wasm'));
  });

  // Changes of a wide range of sizes, half of the rows far outside of their ball and some inside.
  const keys = Int32Array.from({ length: ROWS }, (_, i) => i);
  const change = exampleRandom(3, 'changes')
    .normal(keys, 0, SIZE)
    .map((v, i) => ((0.49 * v ** 3) / (1 + Math.abs(v) ** 3)) * 2 ** -(Math.floor(i / SIZE) / 4));
  const grey = new Float32Array(ROWS * SIZE).fill(0.5);

  test.each(norms)('is the projection that the frame makes, with a radius for each row: %s', async (norm) => {
    const scales = Array.from(keys, (i) => (norm === 'L0' ? i + 1 : radii[norm] * (1 + i / 10)));
    const input = tf.tensor4d(change, [ROWS, 4, 4, 3]);
    const output = tf.tidy(() => projectRows(input, norm, perRow(scales)));
    const projected = await output.data<'float32'>();
    tf.dispose([input, output]);
    for (const [row, radius] of scales.entries()) {
      const [from, to] = [row * SIZE, (row + 1) * SIZE];
      const wanted = grey.slice(from, to).map((v, k) => v + (change[from + k] as number));
      project(grey.slice(from, to), wanted, SIZE, norm, radius);
      for (let k = 0; k < SIZE; k++) {
        expect(projected[from + k] as number).toBeCloseTo((wanted[k] as number) - 0.5, 5);
      }
    }
  });

  test('keeps rows of zeros, and in L0 values of one size together', async () => {
    for (const norm of norms) {
      const zeros = tf.tidy(() => projectRows(tf.zeros([2, 1, 3, 1]), norm, perRow([1, 1])).dataSync());
      expect([...zeros]).toEqual([0, 0, 0, 0, 0, 0]);
    }
    const tied = tf.tidy(() => projectRows(tf.tensor4d([0.5, -0.5, 0.25], [1, 1, 3, 1]), 'L0', perRow([1])).dataSync());
    expect([...tied]).toEqual([0.5, -0.5, 0]);
    expect([...distances(new Float32Array(3), Float32Array.from(tied), 3, 'L0')]).toEqual([2]);
  });
});
