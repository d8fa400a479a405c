import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { randomLinear } from '../testing/classifiers.ts';
import { randomImages } from '../testing/images.ts';
import { linearClass, linearLogits, linearWorstMarginLinf } from '../testing/oracles.ts';
import { findAttack } from './index.ts';
import { type AttackRequest, runAttack } from './run.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const model = randomLinear(2, 5);
const { x, examples, size } = randomImages(20, model.inputShape, 3);
const y = Int32Array.from(examples, (i) => linearClass(model, image(x, i)));

function image(values: Float32Array, i: number) {
  return values.slice(i * size, (i + 1) * size);
}

function bim(epsilon: number, options: Record<string, unknown> = {}, changes: Partial<AttackRequest> = {}) {
  const fixed = { attack: findAttack('bim'), target: null, norm: 'Linf', seed: 0, stream: '' } as const;
  return runAttack({ ...fixed, classifier: model, x, y, examples, epsilon, options, ...changes });
}

describe('BIM', () => {
  test.each([
    [0.02, 6],
    [0.05, 16],
    [0.1, 30],
    [0.3, 81],
  ])('takes the paper’s number of steps: ε = %s, %s steps', async (epsilon, steps) => {
    // 5.1, 12.75, 25.5 and 76.5 levels: 1.25 of them, or 4 more.
    const outcome = await bim(epsilon, { earlyStop: false });
    expect(outcome.gradientCalls).toBe(steps * y.length);
  });

  test('moves by one level of 256 a step, away from x and nowhere else', async () => {
    const { xAdv } = await bim(0.3, { steps: 3, earlyStop: false });
    for (const [i, value] of xAdv.entries()) {
      const moved = Math.abs(value - (x[i] as number)) * 255;
      expect(value === 0 || value === 1 || Math.abs(moved - 3) < 1e-4).toBe(true);
    }
  });

  test('ends where the loss of a linear model is largest in ball and pixel range', async () => {
    const epsilon = 0.05;
    const all = await bim(epsilon, { earlyStop: false });
    const stopped = await bim(epsilon);
    for (const i of examples) {
      const own = y[i] as number;
      const z = linearLogits(model, image(all.xAdv, i));
      const worst = linearWorstMarginLinf(model, image(x, i), own, epsilon);
      expect((z[own] as number) - (z[1 - own] as number)).toBeCloseTo(worst, 5);
      expect(stopped.success[i]).toBe(worst < 0 ? 1 : 0);
    }
    expect(new Set(stopped.success).size).toBe(2);
    expect(stopped.gradientCalls).toBeLessThan(all.gradientCalls);
  });

  test('reaches targets', async () => {
    const ten = randomLinear(10, 5);
    const own = Int32Array.from(examples, (i) => linearClass(ten, image(x, i)));
    const target = own.map((label) => (label + 1) % 10);
    const { xAdv, success } = await bim(0.5, {}, { classifier: ten, y: own, target });
    expect([...success].every(Boolean)).toBe(true);
    expect([...examples].map((i) => linearClass(ten, image(xAdv, i)))).toEqual([...target]);
  });
});
