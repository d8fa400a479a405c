import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { startBackend } from '../../../backends/index.ts';
import { classify } from '../../evaluation/perform.ts';
import { predictions } from '../../metrics/judge.ts';
import { findArchitecture, loadClassifier } from '../../models/index.ts';
import { encodeSafetensors } from '../../models/safetensors.ts';
import type { SentSubmission } from '../../models/sent-model.ts';
import { crown } from '../crown.ts';
import { ibp } from '../ibp.ts';
import { roundingOf } from './rounding.ts';

beforeAll(async () => {
  await startBackend('wasm');
});

const architecture = findArchitecture('mlp-mnist');
const image = (value: number) => new Float32Array(784).fill(value);

/** A net of which only these values are not 0. */
function netOf(values: Readonly<Record<string, Readonly<Record<number, number>>>>): Uint8Array {
  const tensors = architecture.parameters.map(({ name, shape }) => {
    const data = new Float32Array(shape.reduce((product, side) => product * side, 1));
    for (const [at, value] of Object.entries(values[name] ?? {})) data[Number(at)] = value;
    return [name, { shape, data }];
  });
  return encodeSafetensors(Object.fromEntries(tensors));
}

/** Whether a method certifies class 0 of the image that is 0.45 throughout, at ε = 0.1. */
async function certified(method: typeof ibp | typeof crown, weights: Uint8Array): Promise<boolean> {
  const submission: SentSubmission['submission'] = {
    form: { inputShape: [28, 28, 1], classes: 10 },
    models: [{ format: 'safetensors', architecture: architecture.id, file: 'w', output: 'logits' }],
    defenses: [],
    files: { w: weights },
  };
  const [x, y, examples] = [image(0.45), Int32Array.of(0), Int32Array.of(0)];
  const ball = { norm: 'Linf', epsilon: 0.1, seed: 0 } as const;
  return method.certifies(await method.measure({ submission, x, y, examples, ...ball }, {}), {}, ball);
}

const others = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [i + 2, -5]));

describe.each([ibp, crown])('$id', (method) => {
  it('does not certify an image that rounding in a hidden layer takes to another class', async () => {
    // h = round(x₁ + 2²³) − 2²³ is 0 for 0.45, and 1 for 0.54; scores [0.5, h].
    const weights = netOf({
      'fc1.weight': { 0: 1 },
      'fc1.bias': { 0: 2 ** 23 },
      'fc2.weight': { 0: 1 },
      'fc2.bias': { 0: -(2 ** 23) },
      'fc3.weight': { 1200: 1 },
      'fc3.bias': { 0: 0.5, ...others },
    });
    const classifier = loadClassifier(architecture.id, weights);
    const scores = await classify(classifier, Float32Array.of(...image(0.45), ...image(0.54)));
    classifier.dispose();
    expect([...predictions(scores, 10)]).toEqual([0, 1]);
    expect(await certified(method, weights)).toBe(false);
  });

  it('certifies the same net where nothing is rounded away', async () => {
    // h = x₁ − 0.25, at most 0.3.
    const weights = netOf({
      'fc1.weight': { 0: 1 },
      'fc2.weight': { 0: 1 },
      'fc2.bias': { 0: -0.25 },
      'fc3.weight': { 1200: 1 },
      'fc3.bias': { 0: 0.5, ...others },
    });
    expect(await certified(method, weights)).toBe(true);
  });

  it('does not certify an image whose bounds overflow in a hidden layer and come back', async () => {
    const weights = netOf({
      'fc1.weight': { 0: 3e38, 1: 3e38 },
      'fc1.bias': { 0: 3e38 },
      'fc2.weight': { 0: 1e-38 },
      'fc3.weight': { 1200: 0 },
      'fc3.bias': { 0: 0.5, ...others },
    });
    expect(await certified(method, weights)).toBe(false);
  });
});

test('rounding is more than a sum of as many products is off by, one after another', () => {
  // 1 + 4095 · 2⁻²⁵, of which float32 adds nothing.
  const terms = 1 + 4095 * 2 ** -25;
  const off = roundingOf(4096, tf.scalar(terms)).dataSync()[0] as number;
  expect(off).toBeGreaterThan(2 * (terms - 1));
  expect(off).toBeLessThan(10 * (terms - 1));
});
