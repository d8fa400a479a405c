import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { radial, randomLinear, scaled, shifted, smallNet, step } from '../testing/classifiers.ts';
import { randomImages } from '../testing/images.ts';
import { linearClass, linearTargetDistanceL2 } from '../testing/oracles.ts';
import { lengthIn, linearSmallestChange } from '../testing/planes.ts';
import { findAttack } from './index.ts';
import { type AttackRequest, runAttack } from './run.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

function attack(request: Partial<AttackRequest> & Pick<AttackRequest, 'classifier' | 'x' | 'y' | 'examples'>) {
  const fixed = { attack: findAttack('deepfool'), options: {}, target: null, seed: 0, stream: '' } as const;
  return runAttack({ ...fixed, norm: 'L2', epsilon: Number.POSITIVE_INFINITY, ...request });
}

const norms = ['L2', 'Linf'] as const;

/** One step and so little overshoot that distances are those of the step. */
const oneStep = { maxIterations: 1, overshoot: 1e-3 };

describe.each(norms)('on a linear model one step is the closed form, %s', (norm) => {
  // Of a spread of 0.5 some pixels are at the end of the range before the boundary is reached; the corners are all at it.
  test.each([
    ['away from the ends of the pixel range', 0.2, false],
    ['near them', 0.5, false],
    ['from black and white pixels', 0.5, true],
  ])('%s', async (_name, spread, corners) => {
    const model = randomLinear(10, 7);
    const random = randomImages(12, model.inputShape, 4, spread);
    const x = corners ? random.x.map(Math.round) : random.x;
    const images = [...random.examples].map((i) => x.slice(i * random.size, (i + 1) * random.size));
    const y = Int32Array.from(images, (image) => linearClass(model, image));
    const request = { classifier: model, x, y, examples: random.examples, norm };
    const { success, distance } = await attack({ ...request, options: oneStep });
    const least = images.map((image, i) => lengthIn(linearSmallestChange(model, image, y[i] as number, norm), norm));
    // Which plane is nearest is judged without the pixel range: where that matters, the first step need not be the smallest.
    let closed = 0;
    for (const [i, best] of least.entries()) {
      if (success[i] === 0) continue;
      expect((distance[i] as number) / best).toBeGreaterThan(1 - 1e-5);
      if ((distance[i] as number) / best < 1 + 2e-3) closed++;
    }
    expect(closed).toBeGreaterThanOrEqual(corners ? 8 : 11);
    // With its own options it takes no more than the overshoot on top.
    const plain = await attack(request);
    expect([...plain.success].every(Boolean)).toBe(true);
    const within = least.filter((best, i) => (plain.distance[i] as number) <= best * 1.0201).length;
    expect(within).toBeGreaterThanOrEqual(corners ? 8 : 11);
  });
});

const model = randomLinear(6, 3);
const { x, examples, size } = randomImages(10, model.inputShape, 2, 0.3);
const images = [...examples].map((i) => x.slice(i * size, (i + 1) * size));
const y = Int32Array.from(images, (image) => linearClass(model, image));
const request = { classifier: model, x, y, examples };

test('a step costs two forward passes, and a backward pass per other candidate', async () => {
  const all = await attack(request);
  // Two for the frame, one for the ranks; every image falls at the first step.
  expect([all.forwardCalls, all.gradientCalls]).toEqual([10 * 5, 10 * 5]);
  const two = await attack({ ...request, options: { candidates: 2 } });
  expect(two.gradientCalls).toBe(10);
});

test('scale of the logits changes nothing, an offset no more than a success has to clear the boundary by', async () => {
  const plain = await attack(request);
  const variants = [scaled(model, 1e6), scaled(model, 1e-6), scaled(model, 1e-30)] as const;
  for (const [classifier, slack] of [
    ...variants.map((one) => [one, 5e-4] as const),
    [shifted(model, -100), 0.03] as const,
  ]) {
    const { distance } = await attack({ ...request, classifier });
    for (const [i, value] of distance.entries()) {
      expect(Math.abs(value / (plain.distance[i] as number) - 1)).toBeLessThan(slack);
    }
  }
});

test('on a sphere, steps as Newton does on the square of the radius', async () => {
  const start = new Float32Array(16).fill(0.5);
  start[3] = 0.75;
  const one = { classifier: radial(0.3), x: start, y: Int32Array.of(0), examples: Int32Array.of(0) };
  const { distance } = await attack(one);
  expect(distance[0]).toBeCloseTo((1.02 * (0.3 ** 2 - 0.25 ** 2)) / (2 * 0.25), 6);
});

test('reaches targets, at the smallest distance there is where one plane bounds them', async () => {
  const target = y.map((own) => (own + 1) % 6);
  const { xAdv, success, distance } = await attack({ ...request, target });
  expect([...success].every(Boolean)).toBe(true);
  const reached = images.map((_, i) => linearClass(model, xAdv.slice(i * size, (i + 1) * size)));
  expect(reached).toEqual([...target]);
  const ratios = images.map(
    (image, i) => (distance[i] as number) / linearTargetDistanceL2(model, image, target[i] as number),
  );
  for (const ratio of ratios) expect(ratio).toBeGreaterThan(1 - 1e-5);
  expect(ratios.filter((ratio) => ratio < 1.0201).length).toBeGreaterThan(2);
});

test('with a finite ball only what lies in it counts', async () => {
  const { distance } = await attack(request);
  const sorted = [...distance].sort((a, b) => a - b);
  const epsilon = ((sorted[4] as number) + (sorted[5] as number)) / 2;
  const bounded = await attack({ ...request, epsilon });
  expect(bounded.success.reduce((sum, flag) => sum + flag, 0)).toBe(5);
});

test('on a net that is not linear, steps until the class changes and not longer', async () => {
  const net = smallNet();
  const sample = randomImages(20, net.inputShape, 6);
  const clean = tf.tensor4d(sample.x.slice(), [20, ...net.inputShape]);
  const logits = net.logits(clean);
  const own = Int32Array.from(await (tf.argMax(logits, 1) as tf.Tensor1D).data());
  tf.dispose([clean, logits]);
  const net20 = { classifier: net, x: sample.x, y: own, examples: sample.examples };
  for (const norm of norms) {
    const { success, gradientCalls } = await attack({ ...net20, norm });
    expect(success.reduce((sum, flag) => sum + flag, 0)).toBeGreaterThan(15);
    expect(gradientCalls).toBeLessThan(20 * 2 * 50);
  }
});

test('gives up at once where no gradient leads anywhere', async () => {
  const dark = { x: x.map((value) => 0.4 * value), y: new Int32Array(10), examples };
  const { success, gradientCalls, zeroGradientShare } = await attack({ ...dark, classifier: step() });
  expect([...success].some(Boolean)).toBe(false);
  expect([gradientCalls, zeroGradientShare]).toEqual([10, 1]);
});

test('reaches what is far off, where steps that leave the pixel range lose most of their length', async () => {
  // From white, nine values in ten can only go where the boundary is not.
  const far = { classifier: model, x: x.map(() => 1), y: new Int32Array(10), examples };
  const own = linearClass(model, new Float32Array(size).fill(1));
  const { success, gradientCalls } = await attack({ ...far, y: new Int32Array(10).fill(own) });
  expect([...success].every(Boolean)).toBe(true);
  expect(gradientCalls).toBeGreaterThan(10 * 5);
});

test('refuses options out of range by name', async () => {
  await expect(attack({ ...request, options: { candidates: 1 } })).rejects.toThrow(/deepfool\.candidates/);
});
