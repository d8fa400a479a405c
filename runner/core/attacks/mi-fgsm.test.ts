import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { randomLinear, smallNet } from '../testing/classifiers.ts';
import { randomImages } from '../testing/images.ts';
import { linearClass, linearWorstMarginLinf } from '../testing/oracles.ts';
import { findAttack } from './index.ts';
import { type AttackRequest, runAttack } from './run.ts';
import { accumulated } from './shared/momentum.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

function attack(
  id: string,
  options: Record<string, unknown>,
  request: Pick<AttackRequest, 'classifier' | 'x' | 'y' | 'examples' | 'norm' | 'epsilon'> & Partial<AttackRequest>,
) {
  return runAttack({ attack: findAttack(id), target: null, seed: 0, stream: '', options, ...request });
}

describe('the momentum', () => {
  const sum = (momentum: number[], gradient: number[], decay: number) => {
    const shape: [number, number, number, number] = [2, 1, 2, 1];
    return tf.tidy(() => accumulated(tf.tensor4d(momentum, shape), tf.tensor4d(gradient, shape), decay).dataSync());
  };

  test('is the decayed old one and the gradient over its L1 length, row by row', () => {
    const came = [...sum([1, -2, 0.5, 0], [3, -1, 1e6, -3e6], 0.5)];
    for (const [i, value] of [1.25, -1.25, 0.5, -0.75].entries()) expect(came[i]).toBeCloseTo(value, 6);
  });

  test('counts tiny gradients in full, and zero and NaN not at all', () => {
    expect([...sum([0, 0, 1, 1], [1e-38, 1e-38, 0, 0], 1)]).toEqual([0.5, 0.5, 1, 1]);
    expect([...sum([0, 0, 1, 1], [Number.NaN, 2, Number.NaN, Number.NaN], 1)]).toEqual([0, 1, 1, 1]);
  });
});

describe('MI-FGSM', () => {
  const model = randomLinear(2, 5);
  const { x, examples, size } = randomImages(20, model.inputShape, 3);
  const y = Int32Array.from(examples, (i) => linearClass(model, x.slice(i * size, (i + 1) * size)));

  test('breaks what can be broken of a linear model', async () => {
    const epsilon = 0.05;
    const { success } = await attack('mi-fgsm', {}, { classifier: model, x, y, examples, norm: 'Linf', epsilon });
    const worst = [...examples].map((i) =>
      linearWorstMarginLinf(model, x.slice(i * size, (i + 1) * size), y[i] as number, epsilon),
    );
    expect([...success]).toEqual(worst.map((margin) => (margin < 0 ? 1 : 0)));
    expect(new Set(success).size).toBe(2);
  });

  describe('on a net', () => {
    const net = smallNet();
    const images = randomImages(24, net.inputShape, 12);
    const request = { classifier: net, x: images.x, examples: images.examples, norm: 'Linf', epsilon: 0.08 } as const;

    async function labels() {
      const batch = tf.tensor4d(images.x.slice(), [24, ...net.inputShape]);
      const logits = net.logits(batch);
      const classes = Int32Array.from(await tf.argMax(logits, 1).data());
      return classes;
    }

    test('without momentum is PGD from x with the same steps, up to rounding', async () => {
      const own = await labels();
      for (const norm of ['Linf', 'L2'] as const) {
        const epsilon = norm === 'L2' ? 0.3 : 0.08;
        const same = { ...request, y: own, norm, epsilon };
        const pgd = await attack('pgd', { steps: 10, relativeStepSize: 1 / 10, randomStart: false }, same);
        // The length is ε / 10 in both, by two roundings in one.
        const momentum = await attack('mi-fgsm', { decay: 0 }, same);
        for (const [i, value] of pgd.xAdv.entries()) expect(momentum.xAdv[i]).toBeCloseTo(value, 6);
        expect([...momentum.success]).toEqual([...pgd.success]);
      }
    });

    test('with it goes another way', async () => {
      const same = { ...request, y: await labels() };
      const without = await attack('mi-fgsm', { decay: 0 }, same);
      expect((await attack('mi-fgsm', {}, same)).xAdv).not.toEqual(without.xAdv);
    });
  });

  test('reaches targets', async () => {
    const ten = randomLinear(10, 5);
    const own = Int32Array.from(examples, (i) => linearClass(ten, x.slice(i * size, (i + 1) * size)));
    const target = own.map((label) => (label + 1) % 10);
    const request = { classifier: ten, x, y: own, examples, target, norm: 'Linf', epsilon: 0.5 } as const;
    const { xAdv, success } = await attack('mi-fgsm', {}, request);
    expect([...success].every(Boolean)).toBe(true);
    const reached = [...examples].map((i) => linearClass(ten, xAdv.slice(i * size, (i + 1) * size)));
    expect(reached).toEqual([...target]);
  });
});
