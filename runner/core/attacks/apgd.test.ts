import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Classifier } from '../models/classifier.ts';
import { exampleRandom } from '../random.ts';
import { constant, linear, radial, randomLinear, scaled, shifted, step } from '../testing/classifiers.ts';
import { randomImages } from '../testing/images.ts';
import {
  linearClass,
  linearDistanceL2,
  linearLogits,
  linearWorstMarginL1,
  linearWorstMarginLinf,
} from '../testing/oracles.ts';
import { apgd } from './apgd.ts';
import { pgd } from './pgd.ts';
import { type AttackRequest, runAttack } from './run.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const model = randomLinear(10, 5);
const { x, examples, size } = randomImages(20, model.inputShape, 3);
const images = [...examples].map((i) => x.slice(i * size, (i + 1) * size));
const y = Int32Array.from(images, (image) => linearClass(model, image));

function attack(changes: Partial<AttackRequest> = {}) {
  const request = { attack: apgd, options: {}, classifier: model, x, y, target: null, examples, epsilon: 0.1 };
  return runAttack({ ...request, norm: 'Linf', seed: 1, stream: 'test', ...changes });
}

/** One grey image of 16 pixels, of class 0. */
const grey = { x: new Float32Array(16).fill(0.5), y: Int32Array.of(0), examples: Int32Array.of(0) };

describe('finds what there is to find on a linear model', () => {
  test.each([0.02, 0.05, 0.1, 0.2])('L∞ ≤ %s', async (epsilon) => {
    const worst = images.map((image, i) => linearWorstMarginLinf(model, image, y[i] as number, epsilon));
    for (const loss of ['dlr', 'margin']) {
      const outcome = await attack({ epsilon, options: { restarts: 2, loss, steps: 30 } });
      expect([...outcome.success]).toEqual(worst.map((margin) => (margin < 0 ? 1 : 0)));
    }
  });

  test('L2', async () => {
    const inner = randomImages(20, model.inputShape, 3, 0.2).x;
    const rows = [...examples].map((i) => inner.slice(i * size, (i + 1) * size));
    const labels = Int32Array.from(rows, (image) => linearClass(model, image));
    const distance = rows.map((image, i) => linearDistanceL2(model, image, labels[i] as number));
    const epsilon = 0.15;
    expect(distance.every((d) => Math.abs(d / epsilon - 1) > 0.01)).toBe(true);
    const outcome = await attack({
      x: inner,
      y: labels,
      norm: 'L2',
      epsilon,
      options: { loss: 'margin', restarts: 3 },
    });
    expect([...outcome.success]).toEqual(distance.map((d) => (d < epsilon ? 1 : 0)));
  });

  // Of two classes: with more, each wide ball may lead to another class than the narrow one has room for.
  test.each([0.2, 0.4, 0.8])('L1 ≤ %s, to a hundredth', async (epsilon) => {
    const two = randomLinear(2, 5);
    const labels = Int32Array.from(images, (image) => linearClass(two, image));
    const worst = images.map((image, i) => linearWorstMarginL1(two, image, labels[i] as number, epsilon));
    expect(worst.some((margin) => margin < 0) && worst.some((margin) => margin > 0)).toBe(true);
    const options = { loss: 'margin', steps: 150 };
    const { success, xAdv } = await attack({ classifier: two, y: labels, norm: 'L1', epsilon, options });
    expect([...success]).toEqual(worst.map((margin) => (margin < 0 ? 1 : 0)));
    for (const [i, margin] of worst.entries()) {
      if (margin < 0) continue;
      const z = linearLogits(two, xAdv.slice(i * size, (i + 1) * size));
      const own = labels[i] as number;
      expect((z[own] as number) - (z[1 - own] as number)).toBeLessThan(margin + 0.01);
    }
  });

  test('targets', async () => {
    const target = y.map((own) => (own + 1) % 10);
    for (const loss of ['ce', 'dlr', 'margin', 'rescaled-ce']) {
      const outcome = await attack({ target, epsilon: 0.5, options: { loss } });
      const reached = [...examples].map((i) => linearClass(model, outcome.xAdv.slice(i * size, (i + 1) * size)));
      expect(reached).toEqual([...target]);
    }
  });
});

test('leaves a sphere when the ball allows it, and only then', async () => {
  const request = { ...grey, classifier: radial(0.5), norm: 'L2' } as const;
  expect((await attack({ ...request, epsilon: 0.501 })).success[0]).toBe(1);
  expect((await attack({ ...request, epsilon: 0.499 })).success[0]).toBe(0);
});

test.each(['Linf', 'L2', 'L1'] as const)('starts at the edge of the ball: %s', async (norm) => {
  // Nothing is ever better than the start where the logits are constant.
  const start = await attack({ ...grey, classifier: constant(3), norm, epsilon: 0.25 });
  expect(start.distance[0]).toBeCloseTo(0.25, 6);
  expect(new Set(start.xAdv).size).toBeGreaterThan(norm === 'L1' ? 1 : 15);
});

describe('goes the way of Algorithm 1, step by step', () => {
  const centre = randomImages(1, [4, 4, 1], 17, 0.3).x;
  const weight = Float32Array.from({ length: 16 }, (_, i) => 0.2 + i / 8);
  const bowl = (point: ArrayLike<number>) =>
    -weight.reduce((sum, w, i) => sum + w * ((point[i] as number) - (centre[i] as number)) ** 2, 0);
  /** Margin of class 0: a thousandth at the centre, and more anywhere else; it never falls. */
  const classifier: Classifier = {
    ...constant(2),
    logits: (input) =>
      tf.tidy(() => {
        const change = tf.sub(tf.reshape(input, [-1, 16]), tf.tensor1d(centre.slice()));
        const height = tf.sum(tf.mul(tf.square(change), tf.tensor1d(weight.slice())), 1, true);
        return tf.concat([tf.add(height, 1e-3), tf.zerosLike(height)], 1) as tf.Tensor2D;
      }),
  };

  /** The paper's algorithm, with its checkpoints written out, in float64, on one image. */
  function algorithm1(start: ArrayLike<number>, norm: 'Linf' | 'L2', epsilon: number, steps: number): number[] {
    const project = (point: number[]) => {
      const boxed = point.map((v) => Math.min(1, Math.max(0, v)));
      if (norm === 'Linf') return boxed.map((v) => Math.min(0.5 + epsilon, Math.max(0.5 - epsilon, v)));
      const length = Math.hypot(...boxed.map((v) => v - 0.5));
      return boxed.map((v) => 0.5 + (v - 0.5) * Math.min(1, epsilon / length));
    };
    const direction = (point: number[]) => {
      const slope = point.map((v, i) => -2 * (weight[i] as number) * (v - (centre[i] as number)));
      const length = norm === 'Linf' ? 0 : Math.hypot(...slope);
      return slope.map((v) => (norm === 'Linf' ? Math.sign(v) : v / length));
    };
    const checkpoints = [0, 22, 41, 57, 70, 80, 87, 93, 99];
    let eta = 2 * epsilon;
    let [before, now] = [Array.from(start), Array.from(start)];
    let best = now;
    const heights = [bowl(now)];
    let [halvedBefore, bestBefore] = [true, bowl(now)];
    for (let k = 0; k < steps; k++) {
      const ahead = project(now.map((v, i) => v + eta * (direction(now)[i] as number)));
      const alpha = k === 0 ? 1 : 0.75;
      const mixed = now.map(
        (v, i) => v + alpha * ((ahead[i] as number) - v) + (1 - alpha) * (v - (before[i] as number)),
      );
      [before, now] = [now, project(mixed)];
      heights.push(bowl(now));
      if (bowl(now) > bowl(best)) best = now;
      const window = checkpoints.indexOf(k + 1);
      if (window <= 0) continue;
      const from = checkpoints[window - 1] as number;
      let rises = 0;
      for (let i = from; i <= k; i++) if ((heights[i + 1] as number) > (heights[i] as number)) rises++;
      const halve = rises <= 0.75 * (k + 1 - from) || (!halvedBefore && bestBefore >= bowl(best));
      if (halve) [eta, now] = [eta / 2, best];
      [halvedBefore, bestBefore] = [halve, bowl(best)];
    }
    return best;
  }

  test.each([
    ['Linf', 0.2],
    ['L2', 0.5],
    ['L2', 0.3],
  ] as const)('%s, ε = %s', async (norm, epsilon) => {
    const start = (await attack({ ...grey, classifier: constant(2), norm, epsilon })).xAdv;
    const { xAdv, success } = await attack({
      ...grey,
      classifier,
      norm,
      epsilon,
      options: { loss: 'margin' },
    });
    expect(success[0]).toBe(0);
    // The last point has no gradient, so it cannot be the best one.
    const wanted = algorithm1(start, norm, epsilon, 99);
    for (const [i, value] of wanted.entries()) expect(xAdv[i]).toBeCloseTo(value, 4);
    expect(bowl(xAdv)).toBeGreaterThan(bowl(start));
  });
});

describe('the size of the logits', () => {
  test.each(['dlr', 'margin', 'rescaled-ce'])('does not matter to loss %s', async (loss) => {
    const options = { loss, steps: 30 };
    const plain = await attack({ epsilon: 0.05, options });
    for (const changed of [shifted(model, -1000), shifted(model, 1e4), scaled(model, 1e6), scaled(model, 1e-6)]) {
      const outcome = await attack({ epsilon: 0.05, classifier: changed, options });
      expect([...outcome.success]).toEqual([...plain.success]);
    }
  });

  test('cross-entropies that are 0 in float32 still lead the step length', async () => {
    // Margins of 20 to 100: the gradient is there, the values round to 0.
    const classifier = scaled(model, 20);
    const outcome = await attack({ epsilon: 0.05, classifier });
    const margin = await attack({ epsilon: 0.05, options: { loss: 'margin' } });
    expect(outcome.zeroGradientShare).toBeLessThan(0.5);
    expect([...outcome.success]).toEqual([...margin.success]);
  });
});

test('an expectation over passes changes nothing for a model that always answers the same, but its price', async () => {
  const once = await attack({ epsilon: 0.05, options: { steps: 20 } });
  const thrice = await attack({ epsilon: 0.05, options: { steps: 20, eotSamples: 4 } });
  expect(thrice.success).toEqual(once.success);
  expect(thrice.xAdv).toEqual(once.xAdv);
  expect(thrice.gradientCalls).toBe(4 * once.gradientCalls);
});

test('an expectation over passes finds its way where single gradients mislead', async () => {
  const honest = linear(
    Float32Array.from({ length: 32 }, (_, i) => (i % 2 === 0 ? 1 : -1)),
    Float32Array.of(-7.5, 7.5),
  );
  // Each pass adds another linear function, ten times as steep, that is 0 on average.
  let pass = 0;
  const random: Classifier = {
    ...honest,
    logits: (input) => {
      const misleading = randomImages(1, [4, 4, 1], pass++, 10).x.map((v) => v - 0.5);
      return tf.tidy(() => {
        const lie = tf.matMul(tf.reshape(tf.sub(input, 0.5), [-1, 16]), tf.tensor2d(misleading, [16, 1]));
        return tf.add(honest.logits(input), tf.concat([lie, tf.neg(lie)], 1)) as tf.Tensor2D;
      });
    },
  };
  const climbs = async (eotSamples: number) => {
    pass = 0;
    const { xAdv } = await attack({ ...grey, classifier: random, epsilon: 0.01, options: { steps: 5, eotSamples } });
    return honest.logits(tf.tensor4d(xAdv.slice(), [1, 4, 4, 1])).dataSync()[0] as number;
  };
  expect(await climbs(200)).toBeLessThan(await climbs(1));
});

test('goes on at random where there is no gradient', async () => {
  const dark = { x: new Float32Array(2 * 16).fill(0.45), y: new Int32Array(2), examples: Int32Array.of(0, 1) };
  const outcome = await attack({ ...dark, classifier: step(), epsilon: 0.3 });
  expect(outcome.zeroGradientShare).toBe(1);
  // The mean of 16 signs is above a sixth of 0.3 in one try of three.
  expect([...outcome.success]).toEqual([1, 1]);
});

describe('the bill', () => {
  test('an image that stands takes a gradient a step, and a last forward pass', async () => {
    const outcome = await attack({ ...grey, classifier: constant(3), options: { steps: 7 } });
    // The frame's own are the first and the last forward pass.
    expect([outcome.gradientCalls, outcome.forwardCalls]).toEqual([7, 7 + 1 + 2]);
  });

  test('in L1 the wider balls take their share of the steps, and a last forward pass each', async () => {
    const request = { ...grey, classifier: constant(3), norm: 'L1', epsilon: 0.5 } as const;
    for (const steps of [1, 2, 3, 10]) {
      const balls = steps < 3 ? 1 : 3;
      const outcome = await attack({ ...request, options: { steps } });
      expect([outcome.gradientCalls, outcome.forwardCalls]).toEqual([steps, steps + balls + 2]);
    }
  });

  test('an image that falls leaves at once', async () => {
    const outcome = await attack({ epsilon: 0.5 });
    expect([...outcome.success].every(Boolean)).toBe(true);
    expect(outcome.gradientCalls).toBeLessThanOrEqual(2 * 20);
  });

  test('only images that stand are attacked again', async () => {
    const [once, twice] = [await attack({ epsilon: 0.05 }), await attack({ epsilon: 0.05, options: { restarts: 2 } })];
    const standing = once.success.filter((flag) => flag === 0).length;
    expect(twice.gradientCalls).toBeLessThanOrEqual(once.gradientCalls + 100 * standing);
    for (const [i, flag] of once.success.entries()) expect(twice.success[i]).toBeGreaterThanOrEqual(flag);
  });
});

test('classes in another order give the same images', async () => {
  const order = Array.from({ length: 10 }, (_, c) => (c + 3) % 10);
  const weights = model.weights.map((_, i) => model.weights[i - (i % 10) + (order[i % 10] as number)] as number);
  const permuted = linear(
    weights,
    model.bias.map((_, c) => model.bias[order[c] as number] as number),
  );
  const labels = y.map((own) => order.indexOf(own));
  const outcome = await attack({ classifier: permuted, y: labels, epsilon: 0.05, options: { loss: 'dlr' } });
  const plain = await attack({ epsilon: 0.05, options: { loss: 'dlr' } });
  expect(outcome.success).toEqual(plain.success);
});

describe('on a net with two layers of random weights', () => {
  const random = exampleRandom(5, 'net');
  const first = random.normal([0], 0, 16 * 40).map((v) => v / 2);
  const second = random.normal([1], 0, 40 * 10).map((v) => v / 3);
  const net: Classifier = {
    ...constant(10),
    logits: (input) =>
      tf.tidy(() => {
        const hidden = tf.matMul(tf.reshape(tf.sub(input, 0.5), [-1, 16]), tf.tensor2d(first.slice(), [16, 40]));
        return tf.matMul(tf.sin(tf.mul(hidden, 4)), tf.tensor2d(second.slice(), [40, 10])) as tf.Tensor2D;
      }),
  };
  const many = randomImages(60, [4, 4, 1], 9);

  test('is at least as strong as PGD of as many steps, and stronger at some radius', async () => {
    const input = tf.tensor4d(many.x.slice(), [60, 4, 4, 1]);
    const labels = Int32Array.from(net.logits(input).argMax(1).dataSync());
    const request = { classifier: net, x: many.x, y: labels, examples: many.examples };
    const robust = async (changes: Partial<AttackRequest>) =>
      (await attack({ ...request, ...changes })).success.filter((flag) => flag === 0).length;
    const stands = { pgd: 0, ce: 0, dlr: 0 };
    for (const epsilon of [0.01, 0.02]) {
      const fixed = await robust({ attack: pgd, epsilon, options: { steps: 100, relativeStepSize: 0.025 } });
      const [ce, dlr] = [await robust({ epsilon }), await robust({ epsilon, options: { loss: 'dlr' } })];
      expect(ce).toBeLessThanOrEqual(fixed);
      expect(dlr).toBeLessThanOrEqual(fixed);
      stands.pgd += fixed;
      stands.ce += ce;
      stands.dlr += dlr;
    }
    expect(stands.ce).toBeLessThan(stands.pgd);
    expect(stands.dlr).toBeLessThan(stands.pgd);
  });
});
