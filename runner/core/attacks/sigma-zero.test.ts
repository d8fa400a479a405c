import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { onePixel, scaled } from '../testing/classifiers.ts';
import { linearProblem } from '../testing/minimum-norm.ts';
import { findAttack } from './index.ts';
import { type AttackRequest, runAttack } from './run.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

function sigmaZero(request: Partial<AttackRequest> & Pick<AttackRequest, 'classifier' | 'x' | 'y' | 'examples'>) {
  const fixed = {
    attack: findAttack('sigma-zero'),
    options: {},
    target: null,
    norm: 'L0',
    seed: 0,
    stream: '',
  } as const;
  return runAttack({ ...fixed, epsilon: Number.POSITIVE_INFINITY, ...request });
}

test('changes the one value that matters, and is done then', async () => {
  const x = new Float32Array(32).fill(0.4);
  const examples = Int32Array.of(0, 1);
  const { xAdv, distance, gradientCalls } = await sigmaZero({
    classifier: onePixel(5),
    x,
    y: new Int32Array(2),
    examples,
  });
  expect([...distance]).toEqual([1, 1]);
  for (const row of [0, 1]) expect(xAdv[row * 16 + 5]).toBeGreaterThan(0.5);
  expect(gradientCalls).toBeLessThan(50);
});

test('whole numbers of changes: what is taken back is as it was, bit for bit', async () => {
  const { model, least, ...request } = linearProblem(10, 'L0', 6);
  const { xAdv, distance, success } = await sigmaZero({ classifier: model, ...request, options: { steps: 100 } });
  expect([...success].every(Boolean)).toBe(true);
  for (const [i, count] of distance.entries()) {
    let changed = 0;
    for (let k = 0; k < 64; k++) if (xAdv[i * 64 + k] !== request.x[i * 64 + k]) changed++;
    expect(changed).toBe(count);
    expect(count).toBeGreaterThanOrEqual(least[i] as number);
  }
});

test('ten times the logits change little: the gradient is taken by its direction', async () => {
  const { model, least, ...request } = linearProblem(10, 'L0', 6);
  const options = { steps: 100 };
  const plain = await sigmaZero({ classifier: model, ...request, options });
  const steep = await sigmaZero({ classifier: scaled(model, 10), ...request, options });
  for (const [i, count] of plain.distance.entries())
    expect(Math.abs((steep.distance[i] as number) - count)).toBeLessThan(2);
});
