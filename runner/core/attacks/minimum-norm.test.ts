/** What holds of every attack that looks for the nearest success: closed forms, and that it gives back the nearest it met. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { distances } from '../metrics/judge.ts';
import type { Norm } from '../projections.ts';
import { scaled } from '../testing/classifiers.ts';
import { linearProblem, recorded } from '../testing/minimum-norm.ts';
import { linearClass, linearLogits } from '../testing/oracles.ts';
import { findAttack } from './index.ts';
import { type AttackRequest, runAttack } from './run.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

interface Case {
  readonly id: string;
  readonly norm: Norm;
  /** Less than the default where that takes long, or a start that suits the size of the logits. */
  readonly options?: Record<string, number>;
  /** How much farther than the smallest distance there is an image may come to lie, as a factor, with two classes. */
  readonly worst: number;
}

/** As much again with ten classes, where the nearest is not always the one that is found; half of the images keep within `worst`. */
const WRONG_CLASS = 1.25;

const cases: readonly Case[] = [
  { id: 'fmn', norm: 'Linf', worst: 1.001 },
  { id: 'fmn', norm: 'L2', worst: 1.001 },
  { id: 'fmn', norm: 'L1', worst: 1.01 },
  { id: 'fmn', norm: 'L0', worst: 1 },
  {
    id: 'cw-linf',
    norm: 'Linf',
    worst: 1.15,
    options: { maxIterations: 40, initialConstant: 0.1, constantFactor: 4, learningRate: 0.03 },
  },
  {
    id: 'cw-l0',
    norm: 'L0',
    worst: 1,
    options: { maxIterations: 50, initialConstant: 0.1, constantFactor: 10, largestConstant: 1000, learningRate: 0.1 },
  },
  { id: 'ddn', norm: 'L2', worst: 1.03 },
  { id: 'lbfgs', norm: 'L2', worst: 1.03, options: { maxIterations: 50, initialConstant: 0.1 } },
  { id: 'ead', norm: 'L1', worst: 1.6, options: { maxIterations: 200, binarySearchSteps: 6, initialConstant: 0.1 } },
  { id: 'sigma-zero', norm: 'L0', worst: 1, options: { steps: 100 } },
];

describe.each(cases)('$id in $norm', ({ id, norm, options = {}, worst }) => {
  const attack = findAttack(id);
  const size = 64;

  function run(request: Partial<AttackRequest> & Pick<AttackRequest, 'classifier' | 'x' | 'y' | 'examples'>) {
    const target = attack.targeted === 'required' ? request.y.map((own) => (own + 1) % 10) : null;
    const fixed = { attack, norm, epsilon: Number.POSITIVE_INFINITY, seed: 0, stream: '' };
    return runAttack({ ...fixed, options, target, ...request });
  }

  test.each([2, 10])('comes near the smallest distance to another of %i classes', async (classes) => {
    const { model, least, ...request } = linearProblem(classes, norm, 10);
    const { success, distance } = await run({ classifier: model, ...request });
    expect([...success].every(Boolean)).toBe(true);
    const factors = least.map((best, i) => (distance[i] as number) / best).sort((a, b) => a - b);
    expect(factors[0]).toBeGreaterThan(1 - 1e-5);
    if (process.env.SHOW) console.log(id, norm, classes, factors.map((f) => f.toFixed(4)).join(' '));
    const whole = norm === 'L0' ? 1 : 0;
    const factor = classes === 2 ? worst : worst * WRONG_CLASS;
    for (const [i, best] of least.entries()) expect(distance[i] as number).toBeLessThanOrEqual(best * factor + whole);
    expect(factors[least.length / 2 - 1]).toBeLessThanOrEqual(worst);
  });

  test('gives back the nearest success it met', async () => {
    const { model, x, y, examples } = linearProblem(10, norm, 2);
    const { classifier, seen } = recorded(model);
    for (const i of examples) {
      seen.length = 0;
      const clean = x.slice(i * size, (i + 1) * size);
      const one = { classifier, x: clean, y: y.slice(i, i + 1), examples: Int32Array.of(i) };
      const { distance, success } = await run(one);
      expect(success[0]).toBe(1);
      const met = seen.filter((image) => {
        const z = linearLogits(model, image);
        const own = z[y[i] as number] as number;
        // Clear of the boundary by more than rounding.
        return Math.max(...z) - own > 2e-5 * Math.max(...z.map(Math.abs));
      });
      expect(met.length).toBeGreaterThan(1);
      for (const image of met)
        expect(distance[0]).toBeLessThanOrEqual((distances(clean, image, size, norm)[0] as number) * 1.00001);
    }
  });

  test.skipIf(attack.targeted === 'never')('reaches a target, no nearer than the nearest class', async () => {
    const { model, images, least, y, ...request } = linearProblem(10, norm, 6);
    const target = y.map((own) => (own + 3) % 10);
    const { success, distance, xAdv } = await run({ classifier: model, y, target, ...request });
    expect([...success].every(Boolean)).toBe(true);
    for (const i of images.keys()) {
      expect(linearClass(model, xAdv.slice(i * size, (i + 1) * size))).toBe(target[i]);
      expect(distance[i] as number).toBeGreaterThan((least[i] as number) * (1 - 1e-5));
    }
  });

  test('a ball changes nothing of what is found within it', async () => {
    const { model, least, ...request } = linearProblem(10, norm, 8);
    const free = await run({ classifier: model, ...request });
    const sorted = [...free.distance].sort((a, b) => a - b);
    const epsilon = ((sorted[3] as number) + (sorted[4] as number)) / 2;
    const bound = await run({ classifier: model, ...request, epsilon });
    for (const [i, distance] of free.distance.entries()) {
      if (distance > epsilon) continue;
      expect(bound.success[i]).toBe(1);
      expect(bound.distance[i]).toBe(distance);
    }
  });

  test('succeeds on saturated logits', async () => {
    const { model, least, ...request } = linearProblem(10, norm, 6);
    const plain = await run({ classifier: model, ...request });
    const { initialConstant } = options;
    const changed = initialConstant === undefined ? options : { ...options, initialConstant: initialConstant / 1e3 };
    const steep = await run({ classifier: scaled(model, 1e3), ...request, options: changed });
    expect([...steep.success]).toEqual([...plain.success]);
    const total = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0);
    expect(total(steep.distance)).toBeLessThan(1.1 * total(plain.distance));
  });
});
