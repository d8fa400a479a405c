/** Each architecture against PyTorch: scores and gradients that `testing/zoo/export.py` stored, of weights that both compute. */
import { readdirSync, readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { startBackend } from '../../backends/index.ts';
import { gradientModel } from '../gradients.ts';
import { formulaTensors } from '../testing/zoo/formula.ts';
import { architectures, findArchitecture, loadClassifier } from './index.ts';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';

beforeAll(async () => {
  await startBackend('wasm');
});

const folder = new URL('../testing/zoo/', import.meta.url);
const ids = readdirSync(folder)
  .filter((file) => file.endsWith('.safetensors'))
  .map((file) => file.replace('.safetensors', ''));

test('every architecture in PyTorch’s layout is compared', () => {
  const inLayout = architectures.filter(({ prepare }) => prepare !== undefined);
  expect(ids.toSorted()).toEqual(inLayout.map(({ id }) => id).toSorted());
});

test.each(ids)('%s scores and differentiates as PyTorch does', (id) => {
  const { tensors } = decodeSafetensors(readFileSync(new URL(`${id}.safetensors`, folder)));
  const stored = (name: string) => tensors.get(name)?.data as Float32Array;
  const architecture = findArchitecture(id);
  const classifier = loadClassifier(id, encodeSafetensors(formulaTensors(architecture.parameters)));
  const model = gradientModel(classifier);
  const x = tf.tensor4d(stored('x'), tensors.get('x')?.shape as [number, number, number, number]);
  const { logits, gradient } = model.gradient(x, (scores) => {
    const weighted = tf.mul(scores, tf.tensor1d(stored('cotangent')));
    return tf.sum(weighted, 1);
  });
  const [got, slope] = [logits.dataSync(), gradient.dataSync<'float32'>()];
  tf.dispose([x, logits, gradient]);
  model.dispose();
  classifier.dispose();
  const far = Math.max(...stored('logits').map((value, i) => Math.abs(value - (got[i] as number))));
  expect(far).toBeLessThan(1e-4);
  const off = Math.hypot(...stored('gradient').map((value, i) => value - (slope[i] as number)));
  expect(off / Math.hypot(...stored('gradient'))).toBeLessThan(1e-3);
});
