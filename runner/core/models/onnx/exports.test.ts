/**
 * Real exports of PyTorch, JAX and scikit-learn, made by the scripts in `core/testing/onnx`: scores as ONNX Runtime gives them, gradients as
 * PyTorch and JAX do (scikit-learn's by differences).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { startBackend } from '../../../backends/index.ts';
import { isInstalled } from '../../../backends/native-files.ts';
import { decodeSafetensors } from '../safetensors.ts';
import { loadOnnx } from './classifier.ts';

const folder = join(import.meta.dirname, '../../testing/onnx/exports');
const files = readdirSync(folder).filter((file) => file.endsWith('.onnx'));
const backends = ['wasm', ...(isInstalled('cpu') ? ['native'] : [])] as ('wasm' | 'native')[];

/** Without a reference of PyTorch's: the weights are rounded to half precision in the file alone. */
const withoutGradient = /fp16/;

describe.each(backends)('%s', (backend) => {
  beforeAll(async () => {
    await startBackend(backend);
  });

  test.each(files)('%s', (file) => {
    const { x, shape, weights, logits, gradient, answers } = referenceOf(file);
    const before = tf.memory().numTensors;
    const classifier = loadOnnx(new Uint8Array(readFileSync(join(folder, file))), { inputShape: shape });
    const own = tf.tidy(() => {
      const images = tf.tensor4d(x, [2, ...shape]);
      const scores = classifier.logits(images);
      const w = tf.tensor1d(weights);
      const slope = tf.grad((z: tf.Tensor) => tf.sum(tf.mul(classifier.logits(z as tf.Tensor4D), w)))(images);
      const shares = tf.softmax(scores).dataSync<'float32'>();
      return { scores: scores.dataSync<'float32'>(), slope: slope.dataSync<'float32'>(), shares };
    });
    classifier.dispose();
    expect(tf.memory().numTensors, 'tensors left behind').toBe(before);
    expect(farthest(own.scores, logits)).toBeLessThan(1e-4);
    if (answers !== null && /logistic|mlp/.test(file)) expect(farthest(own.shares, answers)).toBeLessThan(1e-4);
    if (withoutGradient.test(file)) return;
    const apart = own.slope.map((value, i) => value - (gradient[i] as number));
    expect(length(apart)).toBeLessThan(1e-3 * length(gradient));
  });
});

test('exporters at their opsets, and other makers', () => {
  const kinds = [
    'script-13',
    'script-17',
    'script-20',
    'dynamo-18',
    'dynamo-20',
    'dynamo-23',
    'fp16',
    'jax',
    'sklearn',
  ];
  for (const kind of kinds)
    expect(
      files.some((file) => file.includes(kind)),
      kind,
    ).toBe(true);
  expect(files.length).toBeGreaterThan(50);
});

function referenceOf(file: string) {
  const [, net, exporter] = /^(.*?)(?:-((?:script|dynamo)-.*))?\.onnx$/.exec(file) as unknown as [
    string,
    string,
    string | undefined,
  ];
  const { tensors } = decodeSafetensors(new Uint8Array(readFileSync(join(folder, `${net}.safetensors`))));
  const values = (name: string) => tensors.get(name)?.data as Float32Array;
  return {
    x: values('x'),
    shape: tensors.get('x')?.shape.slice(1) as [number, number, number],
    weights: values('weights'),
    gradient: values('gradient'),
    logits: values(exporter === undefined ? 'logits' : `logits ${exporter}`),
    answers: tensors.has('answers') ? values('answers') : null,
  };
}

function farthest(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);
}

function length(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}
