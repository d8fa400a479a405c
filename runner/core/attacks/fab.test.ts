import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { startBackend } from '../../backends/index.ts';
import type { Classifier } from '../models/classifier.ts';
import type { Norm } from '../projections.ts';
import { radial, randomLinear, scaled, shifted, smallNet, step } from '../testing/classifiers.ts';
import { randomImages } from '../testing/images.ts';
import { linearClass, linearLogits } from '../testing/oracles.ts';
import { lengthIn, linearSmallestChange } from '../testing/planes.ts';
import { findAttack } from './index.ts';
import { type AttackRequest, runAttack } from './run.ts';

beforeAll(async () => {
  await startBackend('wasm');
});

type Request = Partial<AttackRequest> & Pick<AttackRequest, 'classifier' | 'x' | 'y' | 'examples'>;

function attack(id: string, request: Request) {
  const fixed = { attack: findAttack(id), options: { steps: 30 }, target: null, seed: 0, stream: '' } as const;
  return runAttack({ ...fixed, norm: 'L2', epsilon: Number.POSITIVE_INFINITY, ...request });
}

const ids = ['fab', 'fab-t'];
const norms = ['Linf', 'L2', 'L1'] as const;
const model = randomLinear(5, 7);

/** Images of the linear model, the smallest change of each, and what to attack. */
function linearCase(spread: number, corners = false) {
  const random = randomImages(8, model.inputShape, 4, spread);
  const x = corners ? random.x.map(Math.round) : random.x;
  const { size, examples } = random;
  const images = [...examples].map((i) => x.slice(i * size, (i + 1) * size));
  const y = Int32Array.from(images, (image) => linearClass(model, image));
  const least = (norm: Exclude<Norm, 'L0'>) =>
    images.map((image, i) => lengthIn(linearSmallestChange(model, image, y[i] as number, norm), norm));
  return { images, least, request: { classifier: model, x, y, examples } };
}

describe.each(norms)('on a linear model the distance is that of the closed form, %s', (norm) => {
  test('up to the clearance of the final search, away from the ends of the pixel range', async () => {
    const { images, least, request } = linearCase(0.2);
    const distances = least(norm);
    for (const id of ids) {
      const { distance, success } = await attack(id, { ...request, norm });
      expect([...success].every(Boolean)).toBe(true);
      for (const [i, image] of images.entries()) {
        const z = [...linearLogits(model, image)].sort((a, b) => b - a);
        const margin = (z[0] as number) - (z[1] as number);
        const clearance = (2e-5 * Math.max(...z.map(Math.abs))) / margin;
        expect((distance[i] as number) / (distances[i] as number)).toBeGreaterThan(1 - 1e-6);
        expect((distance[i] as number) / (distances[i] as number)).toBeLessThan(1 + 1e-4 + clearance);
      }
    }
  });

  // The overshoot bends the way where the range ends: with next to none of it the first success is the nearest there is.
  test.each([
    ['near them', 0.5, false],
    ['from black and white pixels', 0.5, true],
  ])('%s', async (_name, spread, corners) => {
    const { least, request } = linearCase(spread, corners);
    const distances = least(norm);
    const ratios = async (id: string, options: Record<string, number>) => {
      const { distance, success } = await attack(id, { ...request, norm, options: { steps: 30, ...options } });
      expect([...success].every(Boolean)).toBe(true);
      return distances.map((best, i) => (distance[i] as number) / best);
    };
    for (const ratio of await ratios('fab-t', { overshoot: 1.00005, finalSearchSteps: 0 })) {
      expect(ratio).toBeGreaterThan(1 - 1e-6);
      expect(ratio).toBeLessThan(1 + 1e-4);
    }
    for (const ratio of await ratios('fab-t', {})) expect(ratio).toBeLessThan(1.004);
    // FAB goes to the boundary that is nearest if the range is left aside, which need not be the nearest within it.
    for (const ratio of await ratios('fab', {})) expect(ratio).toBeLessThan(1.1);
  });
});

test('leaves a sphere by the shortest way', async () => {
  const x = new Float32Array(16).fill(0.5);
  x[3] = 0.6;
  const one = { classifier: radial(0.3), x, y: Int32Array.of(0), examples: Int32Array.of(0) };
  for (const id of ids) {
    const { distance } = await attack(id, { ...one, options: {} });
    expect(distance[0]).toBeGreaterThan(0.2);
    expect(distance[0]).toBeLessThan(0.2 * 1.001);
  }
});

test('scale and offset of the logits change nothing', async () => {
  const { request } = linearCase(0.3);
  const plain = await attack('fab-t', request);
  for (const classifier of [scaled(model, 1e6), scaled(model, 1e-30), shifted(model, -100)]) {
    const { distance } = await attack('fab-t', { ...request, classifier });
    for (const [i, value] of distance.entries())
      expect(Math.abs(value / (plain.distance[i] as number) - 1)).toBeLessThan(0.01);
  }
});

describe('with a finite ball', () => {
  const { request, least } = linearCase(0.3);
  const sorted = least('L2').sort((a, b) => a - b);
  const epsilon = ((sorted[4] as number) + (sorted[5] as number)) / 2;

  test('only what lies in it counts', async () => {
    for (const id of ids) {
      const { success } = await attack(id, { ...request, epsilon });
      expect([...success]).toEqual(least('L2').map((distance) => (distance < epsilon ? 1 : 0)));
    }
  });

  test('images leave at their first success in it, or stay for a nearer one', async () => {
    const wide = 4 * (sorted.at(-1) as number);
    const leaving = await attack('fab-t', { ...request, epsilon: wide });
    // One pass over x, one over what the first step led to.
    expect(leaving.gradientCalls).toBe(2 * 8);
    const staying = await attack('fab-t', { ...request, epsilon: wide, options: { steps: 30, stopInBall: false } });
    expect(staying.gradientCalls).toBe(4 * 30 * 8);
    for (const [i, least] of staying.distance.entries()) expect(leaving.distance[i]).toBeGreaterThan(least);
    const free = await attack('fab-t', request);
    expect(staying.xAdv).toEqual(free.xAdv);
  });
});

describe('on a net that is not linear', () => {
  const net = smallNet();
  const { x, examples } = randomImages(16, net.inputShape, 6);

  async function classes(classifier: Classifier) {
    const images = tf.tensor4d(x.slice(), [16, ...classifier.inputShape]);
    const logits = classifier.logits(images);
    const best = tf.argMax(logits, 1);
    const result = Int32Array.from(await best.data());
    tf.dispose([images, logits, best]);
    return result;
  }

  test.each(['Linf', 'L2'] as const)('comes nearer than DeepFool, %s', async (norm) => {
    const request = { classifier: net, x, y: await classes(net), examples, norm };
    const deepfool = await attack('deepfool', { ...request, options: {} });
    for (const id of ids) {
      const outcome = await attack(id, request);
      const ratios = [...examples]
        .filter((i) => deepfool.success[i] === 1)
        .map((i) => (outcome.distance[i] as number) / (deepfool.distance[i] as number));
      expect(ratios.length).toBeGreaterThan(10);
      for (const ratio of ratios) expect(ratio).toBeLessThan(1.001);
      expect(ratios.sort((a, b) => a - b)[Math.floor(ratios.length / 2)]).toBeLessThan(0.985);
    }
  });

  test('more steps and restarts never come out farther', async () => {
    const y = await classes(net);
    const run = (options: Record<string, number>) =>
      attack('fab', { classifier: net, x, y, examples, options: { finalSearchSteps: 0, ...options } });
    const short = await run({ steps: 5 });
    const long = await run({ steps: 20 });
    const again = await run({ steps: 20, restarts: 2 });
    for (const i of examples) {
      expect(long.success[i]).toBeGreaterThanOrEqual(short.success[i] as number);
      if (short.success[i] === 1) expect(long.distance[i]).toBeLessThanOrEqual(short.distance[i] as number);
      if (long.success[i] === 1) expect(again.distance[i]).toBeLessThanOrEqual(long.distance[i] as number);
    }
  });
});

test('goes on at random where there is no gradient', async () => {
  const dark = { x: new Float32Array(2 * 16).fill(0.49), y: new Int32Array(2), examples: Int32Array.of(0, 1) };
  const { success, zeroGradientShare } = await attack('fab-t', {
    ...dark,
    classifier: step(),
    norm: 'Linf',
    epsilon: 0.3,
  });
  expect(zeroGradientShare).toBe(1);
  expect([...success]).toEqual([1, 1]);
});
