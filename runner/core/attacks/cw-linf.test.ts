import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { constant } from '../testing/classifiers.ts';
import { linearProblem } from '../testing/minimum-norm.ts';
import { findAttack } from './index.ts';
import { type AttackRequest, runAttack } from './run.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const { model, images, size, least, ...problem } = linearProblem(2, 'Linf', 4);
const options = { maxIterations: 40, initialConstant: 0.1, constantFactor: 4, learningRate: 0.03 };

function cwLinf(changes: Partial<AttackRequest> = {}) {
  const fixed = { attack: findAttack('cw-linf'), target: null, norm: 'Linf', seed: 0, stream: '' } as const;
  return runAttack({ ...fixed, epsilon: Number.POSITIVE_INFINITY, classifier: model, ...problem, options, ...changes });
}

const total = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0);

test('finer steps of the limit bring it nearer', async () => {
  const coarse = await cwLinf({ options: { ...options, decreaseFactor: 0.5 } });
  const fine = await cwLinf({ options: { ...options, decreaseFactor: 0.95 } });
  expect(total(fine.distance)).toBeLessThan(total(coarse.distance));
  expect(fine.gradientCalls).toBeGreaterThan(coarse.gradientCalls);
  expect(total(fine.distance)).toBeLessThan(1.15 * total(least));
});

test('what cannot be broken is given up when c is at its largest', async () => {
  const budget = { ...options, maxIterations: 7, abortEarly: false };
  const y = new Int32Array(4);
  const { success, gradientCalls } = await cwLinf({
    classifier: { ...constant(4), inputShape: [8, 8, 1] },
    y,
    options: budget,
  });
  expect([...success].some(Boolean)).toBe(false);
  // 0.1, 0.4, 1.6 and 6.4; at 25.6 it ends.
  expect(gradientCalls).toBe(4 * 4 * 7);
});
