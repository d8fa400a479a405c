import * as tf from '@tensorflow/tfjs';
import { beforeEach, describe, expect, test } from 'vitest';
import { startBackend } from '../../backends/index.ts';
import { needsNative } from '../../backends/testing.ts';
import type { Classifier } from '../models/classifier.ts';
import { onePixel, randomLinear, scaled, shifted } from '../testing/classifiers.ts';
import { randomImages } from '../testing/images.ts';
import { linearClass } from '../testing/oracles.ts';
import { findAttack } from './index.ts';
import { runAttack } from './run.ts';

const model = randomLinear(2, 5);
const { x, examples, size } = randomImages(20, model.inputShape, 3);
const y = Int32Array.from(examples, (i) => linearClass(model, x.slice(i * size, (i + 1) * size)));

function fgsm(classifier: Classifier, epsilon = 0.05, norm: 'L2' | 'Linf' = 'Linf') {
  const target = null;
  return runAttack({
    attack: findAttack('fgsm'),
    options: {},
    classifier,
    x,
    y,
    target,
    examples,
    norm,
    epsilon,
    seed: 0,
    stream: '',
  });
}

describe.each(['cpu', 'wasm', 'native'] as const)('on %s', (backend) => {
  beforeEach(async (context) => {
    if (backend === 'native') needsNative(context);
    await (backend === 'cpu' ? tf.setBackend('cpu') : startBackend(backend));
  });

  test.each([
    ['gradients of 1e-20', scaled(model, 1e-20)],
    ['gradients of 1e-30', scaled(model, 1e-30)],
    ['margins at which the probability rounds to 1', scaled(model, 12)],
    ['negative logits', shifted(model, -1000)],
  ])('finds the same images with %s', async (_name, changed) => {
    expect((await fgsm(changed)).xAdv).toEqual((await fgsm(model)).xAdv);
  });

  test('finds the same images with logits of a million, where float32 keeps sixteenths', async () => {
    const plain = await fgsm(model);
    const moved = await fgsm(shifted(model, 1e6));
    // A clean image whose logits round to a tie is not right any more, and so not attacked.
    for (const [row, right] of moved.cleanCorrect.entries()) {
      if (right === 0) continue;
      expect(moved.xAdv.slice(row * size, (row + 1) * size)).toEqual(plain.xAdv.slice(row * size, (row + 1) * size));
    }
    expect(moved.cleanCorrect.filter((right) => right === 1).length).toBeGreaterThan(15);
  });

  test('leaves alone what has no gradient', async () => {
    const own = x.map((value, i) => (i % size === 3 ? 0.4 : value));
    const request = { attack: findAttack('fgsm'), options: {}, classifier: onePixel(3), x: own, y: new Int32Array(20) };
    const threat = { target: null, examples, norm: 'Linf', epsilon: 0.2, seed: 0, stream: '' } as const;
    const { xAdv, success } = await runAttack({ ...request, ...threat });
    expect([...success].every(Boolean)).toBe(true);
    for (const [i, value] of xAdv.entries()) expect(value).toBeCloseTo(i % size === 3 ? 0.6 : (own[i] as number), 6);
  });

  test('in L2 goes along the gradient, all the way to the edge', async () => {
    const { distance } = await fgsm(randomLinear(2, 5), 0.05, 'L2');
    expect(Math.max(...distance)).toBeLessThanOrEqual(0.05 * (1 + 1e-6));
    // The pixel range stops some values of some images.
    expect(distance.filter((d) => d > 0.0499).length).toBeGreaterThan(10);
  });

  test('breaks ever more as the ball grows', async () => {
    let previous: Uint8Array = new Uint8Array(20);
    for (const epsilon of [0.01, 0.02, 0.05, 0.1, 0.3]) {
      const { success } = await fgsm(model, epsilon);
      for (const [row, flag] of previous.entries()) expect(success[row]).toBeGreaterThanOrEqual(flag);
      previous = success;
    }
    expect([...previous].every(Boolean)).toBe(true);
  });
});
