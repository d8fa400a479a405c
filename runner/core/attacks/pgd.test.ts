import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { distances, predictions } from '../metrics/judge.ts';
import type { Classifier } from '../models/classifier.ts';
import {
  constant,
  noisy,
  notANumberAbove,
  radial,
  randomLinear,
  scaled,
  shifted,
  smallNet,
  step,
} from '../testing/classifiers.ts';
import { randomImages } from '../testing/images.ts';
import {
  linearClass,
  linearDistanceL2,
  linearLogits,
  linearWorstMarginL1,
  linearWorstMarginLinf,
} from '../testing/oracles.ts';
import { findAttack } from './index.ts';
import { type AttackRequest, runAttack } from './run.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const model = randomLinear(10, 5);
const { x, examples, size } = randomImages(20, model.inputShape, 3);
const images = [...examples].map((i) => x.slice(i * size, (i + 1) * size));
const y = Int32Array.from(images, (image) => linearClass(model, image));

function attack(id: string, changes: Partial<AttackRequest> = {}) {
  return runAttack({
    attack: findAttack(id),
    options: {},
    classifier: model,
    x,
    y,
    target: null,
    examples,
    norm: 'Linf',
    epsilon: 0.1,
    seed: 1,
    stream: 'test',
    ...changes,
  });
}

/** Classes of images by their logits. */
async function classesOf(net: Classifier, values: Float32Array): Promise<Int32Array> {
  const batch = tf.tensor4d(values.slice(), [
    values.length / tf.util.sizeFromShape([...net.inputShape]),
    ...net.inputShape,
  ]);
  const logits = net.logits(batch);
  const classes = predictions(await logits.data<'float32'>(), net.classes);
  tf.dispose([batch, logits]);
  return classes;
}

/** Margin of each image that came out. */
const margins = (xAdv: Float32Array) =>
  images.map((_, i) => {
    const z = linearLogits(model, xAdv.slice(i * size, (i + 1) * size));
    const own = z[y[i] as number] as number;
    return own - Math.max(...z.filter((_value, c) => c !== y[i]));
  });

describe('on a linear model of two classes, L∞', () => {
  const two = randomLinear(2, 5);
  const labels = Int32Array.from(images, (image) => linearClass(two, image));
  const epsilon = 0.05;
  const worst = images.map((image, i) => linearWorstMarginLinf(two, image, labels[i] as number, epsilon));

  test('the images were chosen on both sides of what can be done', () => {
    expect(worst.some((margin) => margin < 0)).toBe(true);
    expect(worst.some((margin) => margin > 0)).toBe(true);
  });

  test.each(['ce', 'margin'])('FGSM is optimal in one step with loss %s', async (loss) => {
    const outcome = await attack('fgsm', { classifier: two, y: labels, epsilon, options: { loss } });
    expect([...outcome.success]).toEqual(worst.map((margin) => (margin < 0 ? 1 : 0)));
    for (const [i, margin] of worst.entries()) {
      const z = linearLogits(two, outcome.xAdv.slice(i * size, (i + 1) * size));
      const own = labels[i] as number;
      expect((z[own] as number) - (z[1 - own] as number)).toBeCloseTo(margin, 5);
    }
  });

  test('one step of PGD from x is FGSM', async () => {
    const options = { steps: 1, relativeStepSize: 1, randomStart: false };
    const one = await attack('pgd', { classifier: two, y: labels, epsilon, options });
    const fgsm = await attack('fgsm', { classifier: two, y: labels, epsilon });
    expect(one.xAdv).toEqual(fgsm.xAdv);
  });
});

describe('PGD', () => {
  test.each([0.02, 0.05, 0.1, 0.2])('finds what there is to find, L∞ ≤ %s', async (epsilon) => {
    const worst = images.map((image, i) => linearWorstMarginLinf(model, image, y[i] as number, epsilon));
    const outcome = await attack('pgd', { epsilon, options: { restarts: 5, loss: 'margin' } });
    expect([...outcome.success]).toEqual(worst.map((margin) => (margin < 0 ? 1 : 0)));
  });

  test('finds what there is to find, L2', async () => {
    const { x: inner } = randomImages(20, model.inputShape, 3, 0.2);
    const rows = [...examples].map((i) => inner.slice(i * size, (i + 1) * size));
    const labels = Int32Array.from(rows, (image) => linearClass(model, image));
    const distance = rows.map((image, i) => linearDistanceL2(model, image, labels[i] as number));
    const epsilon = 0.15;
    const clear = distance.filter((d) => Math.abs(d / epsilon - 1) > 0.01);
    expect(clear.length).toBe(distance.length);
    const options = { loss: 'margin', restarts: 5, relativeStepSize: 0.1 };
    const outcome = await attack('pgd', { x: inner, y: labels, norm: 'L2', epsilon, options });
    expect([...outcome.success]).toEqual(distance.map((d) => (d < epsilon ? 1 : 0)));
  });

  test.each([0.2, 0.5, 1, 2])('finds what there is to find, L1 ≤ %s', async (epsilon) => {
    const worst = images.map((image, i) => linearWorstMarginL1(model, image, y[i] as number, epsilon));
    const options = { restarts: 5, steps: 60, loss: 'margin', relativeStepSize: 0.1 };
    const outcome = await attack('pgd', { norm: 'L1', epsilon, options });
    expect([...outcome.success]).toEqual(worst.map((margin) => (margin < 0 ? 1 : 0)));
  });

  test.each(['dlr', 'rescaled-ce'])('loss %s goes past logits that saturate cross-entropy', async (loss) => {
    const worst = images.map((image, i) => linearWorstMarginLinf(model, image, y[i] as number, 0.1));
    for (const factor of [1e-6, 1, 1e6]) {
      const outcome = await attack('pgd', { classifier: scaled(model, factor), options: { restarts: 5, loss } });
      expect([...outcome.success]).toEqual(worst.map((margin) => (margin < 0 ? 1 : 0)));
    }
  });

  test('the mean over passes changes nothing on a model that does not answer at random', async () => {
    const once = await attack('pgd', { epsilon: 0.05 });
    const four = await attack('pgd', { epsilon: 0.05, options: { eotSamples: 4 } });
    expect(four.xAdv).toEqual(once.xAdv);
    expect(four.gradientCalls).toBe(4 * once.gradientCalls);
  });

  test('the mean over passes sees through noise', async () => {
    // Far from x gradients point anywhere; what counts is how often the result is wrong on the model without its noise.
    const net = smallNet();
    const digits = randomImages(16, net.inputShape, 12);
    const labels = await classesOf(net, digits.x);
    const broken = async (eotSamples: number) => {
      const classifier = noisy(net, 0.6);
      const options = { steps: 8, relativeStepSize: 0.25, randomStart: false, eotSamples };
      const request = { classifier, x: digits.x, y: labels, examples: digits.examples, epsilon: 0.1, options };
      const { xAdv } = await attack('pgd', request);
      const after = await classesOf(net, xAdv);
      return after.filter((predicted, i) => predicted !== labels[i]).length;
    };
    expect(await broken(12)).toBeGreaterThan(await broken(1));
  });

  test('leaves a sphere when the ball allows it, and only then', async () => {
    const centre = new Float32Array(2 * 16).fill(0.5);
    const request = {
      classifier: radial(0.5),
      x: centre,
      y: new Int32Array(2),
      examples: Int32Array.of(0, 1),
      norm: 'L2',
      options: { relativeStepSize: 0.2 },
    } as const;
    expect([...(await attack('pgd', { ...request, epsilon: 0.501 })).success]).toEqual([1, 1]);
    expect([...(await attack('pgd', { ...request, epsilon: 0.499 })).success]).toEqual([0, 0]);
  });

  test('projects around x, not around the last iterate', async () => {
    const outcome = await attack('pgd', { classifier: scaled(model, 1e-3), epsilon: 0.01, options: { steps: 200 } });
    expect(Math.max(...outcome.distance)).toBeLessThanOrEqual(0.01 * (1 + 1e-6));
    expect(Math.max(...distances(x, outcome.xAdv, size, 'Linf'))).toBeLessThanOrEqual(0.01 * (1 + 1e-6));
  });

  test('is as strong with logits of 1e6 and more, and with negative ones', async () => {
    const epsilon = 0.05;
    const options = { restarts: 5, loss: 'margin' };
    const plain = await attack('pgd', { epsilon, options });
    for (const changed of [shifted(model, -1000), shifted(model, 1e4), scaled(model, 1e6), scaled(model, 1e-6)]) {
      const outcome = await attack('pgd', { classifier: changed, epsilon, options });
      expect([...outcome.success]).toEqual([...plain.success]);
    }
  });

  test('cross-entropy is held up by saturated logits, and the zero gradients are reported', async () => {
    const saturated = scaled(model, 1e6);
    const ce = await attack('pgd', { classifier: saturated, options: { randomStart: false, steps: 1 } });
    const margin = await attack('pgd', { classifier: saturated, options: { loss: 'margin' } });
    expect(ce.zeroGradientShare).toBe(1);
    expect(margin.zeroGradientShare).toBe(0);
  });

  test('goes on at random where there is no gradient', async () => {
    const dark = { x: new Float32Array(2 * 16).fill(0.45), y: new Int32Array(2), examples: Int32Array.of(0, 1) };
    const outcome = await attack('pgd', { ...dark, classifier: step(), epsilon: 0.3, options: { randomStart: false } });
    expect(outcome.zeroGradientShare).toBe(1);
    expect(outcome.xAdv).not.toEqual(dark.x);
  });

  test('reaches targets', async () => {
    const target = y.map((own) => (own + 1) % 10);
    const outcome = await attack('pgd', { target, epsilon: 0.5 });
    expect([...outcome.success].every(Boolean)).toBe(true);
    const reached = [...examples].map((i) => linearClass(model, outcome.xAdv.slice(i * size, (i + 1) * size)));
    expect(reached).toEqual([...target]);
  });

  test('more restarts never break less', async () => {
    const broken = async (restarts: number) =>
      (await attack('pgd', { epsilon: 0.05, options: { restarts, steps: 2 } })).success;
    const one = await broken(1);
    const four = await broken(4);
    for (const [i, success] of one.entries()) expect(four[i]).toBeGreaterThanOrEqual(success);
  });
});

describe('the frame', () => {
  test('counts NaN logits inside the ball as adversarial, and says so', async () => {
    const hidden = notANumberAbove(constant(3), 0.8);
    const request = {
      classifier: hidden,
      x: new Float32Array(16).fill(0.7),
      y: Int32Array.of(0),
      examples: Int32Array.of(0),
    };
    const near = await attack('pgd', { ...request, epsilon: 0.2, options: { restarts: 20 } });
    expect([near.success[0], near.nonFinite]).toEqual([1, 1]);
    const far = await attack('pgd', { ...request, epsilon: 0.05 });
    expect([far.success[0], far.nonFinite]).toEqual([0, 0]);
  });

  test('hands back what was wrong from the start unchanged, as a success at distance 0', async () => {
    const wrong = y.slice();
    wrong[0] = ((y[0] as number) + 1) % 10;
    const outcome = await attack('pgd', { y: wrong, epsilon: 0.001 });
    expect(outcome.cleanCorrect[0]).toBe(0);
    expect(outcome.success[0]).toBe(1);
    expect(outcome.distance[0]).toBe(0);
    expect(outcome.xAdv.slice(0, size)).toEqual(x.slice(0, size));
    expect(outcome.cleanCorrect[1]).toBe(1);
  });

  test('counts calls: the judge before and after, the attack between', async () => {
    const outcome = await attack('fgsm', {});
    expect(outcome.gradientCalls).toBe(20);
    expect(outcome.forwardCalls).toBe(60);
  });

  test('margins that it reports are those of the images it returns', async () => {
    const outcome = await attack('pgd', { epsilon: 0.05 });
    const right = margins(outcome.xAdv).map((margin) => (margin > 0 ? 0 : 1));
    expect([...outcome.success]).toEqual(right);
  });
});
