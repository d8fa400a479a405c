import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { radial } from '../testing/classifiers.ts';
import { linearProblem } from '../testing/minimum-norm.ts';
import { linearClass, linearTargetDistanceL2 } from '../testing/oracles.ts';
import { findAttack } from './index.ts';
import { type AttackRequest, runAttack } from './run.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

function lbfgs(request: Partial<AttackRequest> & Pick<AttackRequest, 'classifier' | 'x' | 'y' | 'examples'>) {
  const fixed = { attack: findAttack('lbfgs'), target: null, norm: 'L2', seed: 0, stream: '' } as const;
  const options = { maxIterations: 50, initialConstant: 0.1 };
  return runAttack({ ...fixed, epsilon: Number.POSITIVE_INFINITY, options, ...request });
}

test('comes near the smallest distance to a target', async () => {
  const { model, images, least, y, size, ...request } = linearProblem(10, 'L2', 4);
  const target = y.map((own) => (own + 3) % 10);
  const { distance, xAdv } = await lbfgs({ classifier: model, y, target, ...request });
  for (const [i, image] of images.entries()) {
    expect(linearClass(model, xAdv.slice(i * size, (i + 1) * size))).toBe(target[i]);
    // The oracle leaves the pixel range aside.
    const unbounded = linearTargetDistanceL2(model, image, target[i] as number);
    expect(distance[i] as number).toBeGreaterThan(unbounded * (1 - 1e-5));
    expect(distance[i] as number).toBeLessThan(unbounded * 1.15);
  }
});

test('leaves a sphere straight on; past its edge by what the cross-entropy goes on to pull', async () => {
  const x = new Float32Array(16).fill(0.5);
  x[3] = 0.6;
  const { distance } = await lbfgs({ classifier: radial(0.3), x, y: Int32Array.of(0), examples: Int32Array.of(0) });
  expect(distance[0]).toBeGreaterThan(0.2 * (1 - 1e-5));
  expect(distance[0]).toBeLessThan(0.2 * 1.2);
});

test('more values of c bring it nearer', async () => {
  const { model, least, ...request } = linearProblem(2, 'L2', 4);
  const total = async (binarySearchSteps: number) => {
    const options = { maxIterations: 50, initialConstant: 10, binarySearchSteps };
    const { distance, success } = await lbfgs({ classifier: model, ...request, options });
    expect([...success].every(Boolean)).toBe(true);
    return distance.reduce((sum, value) => sum + value, 0);
  };
  const [one, four, twelve] = [await total(1), await total(4), await total(12)];
  expect(four).toBeLessThan(one);
  expect(twelve).toBeLessThan(four);
  expect(twelve).toBeLessThan(1.01 * least.reduce((sum, value) => sum + value, 0));
});
