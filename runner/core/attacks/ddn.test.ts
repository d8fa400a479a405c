import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { radial, scaled, step } from '../testing/classifiers.ts';
import { linearProblem, recorded } from '../testing/minimum-norm.ts';
import { findAttack } from './index.ts';
import { type AttackRequest, runAttack } from './run.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

function ddn(request: Partial<AttackRequest> & Pick<AttackRequest, 'classifier' | 'x' | 'y' | 'examples'>) {
  const fixed = { attack: findAttack('ddn'), options: {}, target: null, norm: 'L2', seed: 0, stream: '' } as const;
  return runAttack({ ...fixed, epsilon: Number.POSITIVE_INFINITY, ...request });
}

test('the first change has the initial norm, the next is 5 % shorter after a success and longer after a failure', async () => {
  for (const [radius, change] of [
    [0.1, 0.95],
    [0.5, 1.05],
  ] as const) {
    const { classifier, seen } = recorded(radial(radius));
    const x = new Float32Array(16).fill(0.5);
    x[3] = 0.52;
    const options = { steps: 3, initialNorm: 0.2 };
    await ddn({ classifier, x, y: Int32Array.of(0), examples: Int32Array.of(0), options });
    const norms = seen.map((image) => Math.hypot(...image.map((value, i) => value - (x[i] as number))));
    // The frame looks at x first; the attack does so again, which is a failure, and looks at the last image.
    expect(norms[2]).toBeCloseTo(0.2 * 1.05, 5);
    expect(norms[3]).toBeCloseTo(0.2 * 1.05 * change, 5);
    expect(norms[4]).toBeCloseTo(0.2 * 1.05 * change ** 2, 5);
  }
});

test('where the cross-entropy is flat it goes by the margin', async () => {
  const { model, least, ...request } = linearProblem(2, 'L2', 6);
  const { success, distance, gradientCalls } = await ddn({ classifier: scaled(model, 1e4), ...request });
  expect([...success].every(Boolean)).toBe(true);
  for (const [i, best] of least.entries()) expect((distance[i] as number) / best).toBeLessThan(1.03);
  // A second gradient only for those that need one.
  expect(gradientCalls).toBeGreaterThan(600);
  expect(gradientCalls).toBeLessThan(1200);
});

test('where there is no gradient at all it moves nevertheless', async () => {
  const { classifier, seen } = recorded(step());
  const x = new Float32Array(16).fill(0.2);
  await ddn({ classifier, x, y: Int32Array.of(0), examples: Int32Array.of(0), options: { steps: 5 } });
  expect(new Set(seen.map((image) => image.join())).size).toBeGreaterThan(4);
});
