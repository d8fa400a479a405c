import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { gradientModel, type PerExampleLoss } from '../gradients.ts';
import { attackLoss, classLogit } from '../losses.ts';
import type { Classifier } from '../models/classifier.ts';
import { exampleRandom } from '../random.ts';
import { linear, randomLinear, smallNet } from '../testing/classifiers.ts';
import { randomImages } from '../testing/images.ts';
import { linearClass, linearLogits, linearWorstMarginLinf } from '../testing/oracles.ts';
import { findAttack } from './index.ts';
import { type AttackRequest, runAttack } from './run.ts';
import { ensemble } from './shared/ensemble.ts';
import { withInputDiversity } from './shared/input-diversity.ts';
import { smoothed } from './shared/smoothing.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const model = randomLinear(2, 5);
const { x, examples, size } = randomImages(20, model.inputShape, 3);
const y = Int32Array.from(examples, (i) => linearClass(model, x.slice(i * size, (i + 1) * size)));

function attack(surrogates: readonly Classifier[], changes: Partial<AttackRequest> = {}) {
  const fixed = { attack: findAttack('transfer'), target: null, norm: 'Linf', seed: 0, stream: '' } as const;
  const request = { classifier: model, surrogates, x, y, examples, epsilon: 0.05, options: {} };
  return runAttack({ ...fixed, ...request, ...changes });
}

/** A linear model whose weights differ from another's by noise. */
function relative(seed: number, noise: number) {
  const random = exampleRandom(seed, 'relative').normal([0], 0, model.weights.length);
  const weights = model.weights.map((weight, i) => weight + noise * (random[i] as number));
  return linear(weights, model.bias, model.inputShape);
}

/** Logits and gradient of the first pass of a model made anew. */
function firstPass(
  make: () => Pick<ReturnType<typeof gradientModel>, 'gradient'>,
  values: Float32Array,
  loss: PerExampleLoss,
) {
  const [height, width, channels] = [8, 8, 1];
  return tf.tidy(() => {
    const images = tf.tensor4d(values.slice(), [values.length / 64, height, width, channels]);
    const { logits, gradient } = make().gradient(images, loss);
    return { logits: logits.dataSync().slice(), gradient: gradient.dataSync().slice() };
  });
}

describe('from the model itself', () => {
  test('ends where the loss of a linear model is largest, unlike an attack that stops at the first success', async () => {
    const { xAdv, success } = await attack([model]);
    for (const i of examples) {
      const own = y[i] as number;
      const z = linearLogits(model, xAdv.slice(i * size, (i + 1) * size));
      const worst = linearWorstMarginLinf(model, x.slice(i * size, (i + 1) * size), own, 0.05);
      expect((z[own] as number) - (z[1 - own] as number)).toBeCloseTo(worst, 5);
      expect(success[i]).toBe(worst < 0 ? 1 : 0);
    }
  });

  test('asks the attacked model nothing', async () => {
    const outcome = await attack([model]);
    expect([outcome.forwardCalls, outcome.gradientCalls]).toEqual([40, 0]);
  });

  test('reaches targets', async () => {
    const ten = randomLinear(10, 5);
    const own = Int32Array.from(examples, (i) => linearClass(ten, x.slice(i * size, (i + 1) * size)));
    const target = own.map((label) => (label + 1) % 10);
    const { success } = await attack([ten], { classifier: ten, y: own, target, epsilon: 0.5 });
    expect([...success].every(Boolean)).toBe(true);
  });
});

describe('an ensemble', () => {
  test('has the gradient of a model whose logits are the mean', () => {
    const [a, b, c] = [randomLinear(4, 1), randomLinear(4, 2), randomLinear(4, 3)];
    const third = (k: 'weights' | 'bias') =>
      a[k].map((v, i) => (v + (b[k][i] as number) + (c[k][i] as number)) / 3) as Float32Array;
    const mean = linear(third('weights'), third('bias'), a.inputShape);
    const models = [a, b, c].map(gradientModel);
    const one = gradientModel(mean);
    tf.tidy(() => {
      const images = tf.tensor4d(x.slice(), [20, 4, 4, 1]);
      const loss = attackLoss('ce', new Int32Array(20).fill(2), null);
      const came = ensemble(models).gradient(images, loss);
      const wanted = one.gradient(images, loss);
      for (const key of ['logits', 'gradient'] as const) {
        const values = wanted[key].dataSync();
        for (const [i, value] of came[key].dataSync().entries()) expect(value).toBeCloseTo(values[i] as number, 5);
      }
    });
    for (const each of [...models, one]) each.dispose();
  });

  test('transfers better than one of its members', async () => {
    const broken = async (surrogates: Classifier[]) => {
      const { success } = await attack(surrogates, { epsilon: 0.1 });
      return success.reduce((sum, flag) => sum + flag, 0);
    };
    const relatives = Array.from({ length: 8 }, (_, seed) => relative(seed, 2));
    const alone = await Promise.all(relatives.map((surrogate) => broken([surrogate])));
    const mean = alone.reduce((sum, count) => sum + count, 0) / alone.length;
    const white = await broken([model]);
    const together = await broken(relatives);
    expect(together).toBeGreaterThan(mean);
    expect(together).toBeLessThanOrEqual(white);
  });
});

describe('input diversity', () => {
  const net = smallNet();
  const images = randomImages(6, net.inputShape, 12);
  const keys = { random: exampleRandom(1, 'di'), examples: images.examples };
  const diverse = (probability: number, smallest: number) => () =>
    withInputDiversity(gradientModel(net), keys, { probability, smallest });
  const loss = classLogit(new Int32Array(6));

  test('its gradient is that with respect to the image before it was changed', () => {
    const make = diverse(1, 0.5);
    const { gradient } = firstPass(make, images.x, loss);
    for (const pixel of [0, 9, 27, 36, 63]) {
      const logit = (by: number) => {
        const moved = images.x.map((value, i) => (i % 64 === pixel ? value + by : value));
        return firstPass(make, moved, loss).logits;
      };
      const [up, down] = [logit(0.003), logit(-0.003)];
      for (let row = 0; row < 6; row++) {
        const slope = ((up[3 * row] as number) - (down[3 * row] as number)) / 0.006;
        expect(Math.abs(slope - (gradient[64 * row + pixel] as number))).toBeLessThan(2e-3);
      }
    }
  });

  test('is nothing at probability 0 and at full size', () => {
    const plain = firstPass(() => gradientModel(net), images.x, loss);
    expect(firstPass(diverse(0, 0.5), images.x, loss)).toEqual(plain);
    expect(firstPass(diverse(1, 1), images.x, loss)).toEqual(plain);
    expect(firstPass(diverse(1, 0.5), images.x, loss)).not.toEqual(plain);
  });
});

describe('smoothing', () => {
  test('spreads one value over a Gaussian of sum 1, each channel by itself', () => {
    const values = tf.tidy(() => {
      const impulse = tf.buffer([1, 7, 7, 2]);
      impulse.set(1, 0, 3, 3, 1);
      return smoothed(impulse.toTensor() as tf.Tensor4D, 5).dataSync();
    });
    const at = (row: number, column: number, channel: number) => values[(row * 7 + column) * 2 + channel] as number;
    expect([...values].reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
    // Half way to the edge is 1.5 standard deviations.
    expect(at(3, 4, 1) / at(3, 3, 1)).toBeCloseTo(Math.exp(-0.5 * 1.5 ** 2), 5);
    expect(at(1, 3, 1) / at(3, 3, 1)).toBeCloseTo(Math.exp(-0.5 * 9), 5);
    expect([at(3, 3, 0), at(0, 3, 1)]).toEqual([0, 0]);
  });

  test('with a kernel of 1 changes nothing', () => {
    const gradient = tf.tensor4d(x.slice(), [20, 4, 4, 1]);
    expect(tf.tidy(() => smoothed(gradient, 1).dataSync())).toEqual(x);
    gradient.dispose();
  });
});

test('with everything on, neither the batch nor the order matters', async () => {
  const options = { diversity: 0.7, smallestSize: 0.5, kernelSize: 3, loss: 'margin' };
  const surrogates = [relative(1, 1), relative(2, 1)];
  const whole = await attack(surrogates, { options });
  expect(whole.xAdv).not.toEqual((await attack(surrogates, { options, seed: 1 })).xAdv);
  for (const rows of [[...examples].reverse(), [3], [4, 2, 9]]) {
    const take = (values: Int32Array) => Int32Array.from(rows, (row) => values[row] as number);
    const some = Float32Array.from(rows.flatMap((row) => [...x.slice(row * size, (row + 1) * size)]));
    const part = await attack(surrogates, { options, x: some, y: take(y), examples: take(examples) });
    for (const [i, row] of rows.entries()) {
      expect(part.xAdv.slice(i * size, (i + 1) * size)).toEqual(whole.xAdv.slice(row * size, (row + 1) * size));
    }
  }
});

test.each([
  [[], /surrogates: none came/],
  [[randomLinear(3, 1)], /surrogates: a model of 4×4×1 to 3 classes came, wanted 4×4×1 to 2, as/],
  [[smallNet()], /surrogates: a model of 8×8×1/],
])('refuses surrogates that do not fit', async (surrogates, message) => {
  await expect(attack(surrogates)).rejects.toThrow(message);
  await expect(attack(surrogates)).rejects.toMatchObject({ kind: 'usage' });
});

test('refuses an even kernel', async () => {
  await expect(attack([model], { options: { kernelSize: 4 } })).rejects.toThrow(
    /transfer\.kernelSize: 4 came; an odd number/,
  );
});
