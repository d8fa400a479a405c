import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { linearProblem } from '../testing/minimum-norm.ts';
import { linearClass, linearLogits } from '../testing/oracles.ts';
import { lengthIn, linearSmallestChange } from '../testing/planes.ts';
import { findAttack } from './index.ts';
import { type AttackRequest, runAttack } from './run.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const { model, images, size, least, ...problem } = linearProblem(2, 'L1', 6);

function ead(options: Record<string, unknown>, request: Partial<AttackRequest> = {}) {
  const fixed = { attack: findAttack('ead'), target: null, norm: 'L1', seed: 0, stream: '' } as const;
  const quick = { maxIterations: 200, binarySearchSteps: 6, initialConstant: 0.1 };
  const threat = { epsilon: Number.POSITIVE_INFINITY, classifier: model };
  return runAttack({ ...fixed, ...threat, ...problem, options: { ...quick, ...options }, ...request });
}

const total = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0);
const changes = (xAdv: Float32Array) => xAdv.filter((value, i) => value !== problem.x[i]).length;

test('beats the L1 length of the smallest L2 change, and the more so the larger β is', async () => {
  const plain = images.map((image, i) =>
    lengthIn(linearSmallestChange(model, image, problem.y[i] as number, 'L2'), 'L1'),
  );
  const little = await ead({});
  const much = await ead({ beta: 0.02 });
  expect(total(little.distance)).toBeLessThan(0.95 * total(plain));
  expect(total(much.distance)).toBeLessThan(0.95 * total(little.distance));
  expect(total(much.distance)).toBeLessThan(1.1 * total(least));
  expect(changes(much.xAdv)).toBeLessThan(changes(little.xAdv));
});

test('gives back what its rule says', async () => {
  const [byL1, byNet] = [await ead({}), await ead({ rule: 'EN' })];
  const net = ({ xAdv }: { xAdv: Float32Array }) =>
    images.map((image, i) => {
      const change = image.map((value, k) => (xAdv[i * size + k] as number) - value);
      return lengthIn(change, 'L2') ** 2 + 1e-3 * lengthIn(change, 'L1');
    });
  for (const [i, value] of net(byNet).entries()) expect(value).toBeLessThanOrEqual((net(byL1)[i] as number) * 1.00001);
  for (const [i, value] of byL1.distance.entries()) {
    expect(value).toBeLessThanOrEqual((byNet.distance[i] as number) * 1.00001);
  }
});

test('clears the boundary by the confidence asked for', async () => {
  const { xAdv, success } = await ead({ confidence: 0.5 });
  expect([...success].every(Boolean)).toBe(true);
  for (const i of images.keys()) {
    const z = linearLogits(model, xAdv.slice(i * size, (i + 1) * size));
    const own = problem.y[i] as number;
    expect((z[1 - own] as number) - (z[own] as number)).toBeGreaterThan(0.4999);
  }
});

test('no change that it gives back could be much smaller by as much for every value', async () => {
  const { xAdv, success } = await ead({ maxIterations: 20, binarySearchSteps: 3 });
  for (const [i, image] of images.entries()) {
    if (success[i] === 0) continue;
    const change = image.map((value, k) => (xAdv[i * size + k] as number) - value);
    const less = 0.02 * Math.max(...change.map(Math.abs));
    const smaller = image.map((value, k) => {
      const size = Math.abs(change[k] as number) - less;
      return value + (size > 0 ? size * Math.sign(change[k] as number) : 0);
    });
    expect(linearClass(model, smaller)).toBe(problem.y[i]);
  }
});
