import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { constant, onePixel } from '../testing/classifiers.ts';
import { findAttack } from './index.ts';
import { type AttackRequest, runAttack } from './run.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const x = new Float32Array(32).map((_, i) => 0.2 + 0.01 * (i % 16));
const options = {
  maxIterations: 50,
  initialConstant: 0.1,
  constantFactor: 10,
  largestConstant: 1000,
  learningRate: 0.1,
};

function cwL0(request: Partial<AttackRequest> & Pick<AttackRequest, 'classifier'>) {
  const fixed = { attack: findAttack('cw-l0'), target: null, norm: 'L0', seed: 0, stream: '' } as const;
  const data = { x, y: new Int32Array(2), examples: Int32Array.of(0, 1) };
  return runAttack({ ...fixed, ...data, epsilon: Number.POSITIVE_INFINITY, options, ...request });
}

test('changes the one value that matters, and is done then; every other is as it was', async () => {
  const { xAdv, distance, gradientCalls } = await cwL0({ classifier: onePixel(5) });
  expect([...distance]).toEqual([1, 1]);
  for (const [i, value] of xAdv.entries()) {
    if (i % 16 === 5) expect(value).toBeGreaterThan(0.5);
    else expect(value).toBe(x[i]);
  }
  expect(gradientCalls).toBeLessThan(2 * 200);
});

test('what cannot be broken is given up when c is at its largest', async () => {
  const budget = { ...options, maxIterations: 7, abortEarly: false };
  const { success, gradientCalls } = await cwL0({ classifier: constant(4), options: budget });
  expect([...success].some(Boolean)).toBe(false);
  // 0.1, 1, 10 and 100; at 1000 it ends.
  expect(gradientCalls).toBe(2 * 4 * 7);
});
