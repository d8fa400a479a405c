/**
 * Bugs that other libraries had, as tests of ours. What each was:
 *
 * - ART#85: steps were projected around the iterate before, not around x.
 * - ART#507: a success on the edge of the ball was lost to rounding.
 * - ART#840: targeted PGD was far too weak, and none the stronger for a larger ε.
 * - ART#2116: a loss took logits for labels and labels for logits.
 * - ART#2404: a change measured 0.95 where 0.07 was allowed.
 * - ART#476, foolbox#571: DeepFool's overshoot, and offspring of a genetic attack, left the pixel range.
 * - auto-attack#64: adversarial images were the originals.
 * - auto-attack#76: the targeted DLR loss crashed for lack of classes.
 * - cifar10_challenge#1: the margin took the true class for its own rival where every logit was negative.
 * - advertorch#63: logits shifted by 1e6 weakened FGSM and PGD by rounding.
 * - robustbench#7: the accuracy at the end was not that of the attacks' own counts.
 * - robustbench#99, #108, #155: images were normalised twice, or not at all.
 *
 * torchattacks#188, one attack with another number in each library, is what `parity.test.ts` is for.
 */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { distances, inBall, inBox } from '../metrics/judge.ts';
import type { Classifier } from '../models/classifier.ts';
import { project } from '../projections.ts';
import { untargeted } from '../suites/lines.ts';
import { smallBudgets } from '../testing/budgets.ts';
import { linear, randomLinear, scaled, shifted } from '../testing/classifiers.ts';
import { evaluated } from '../testing/evaluated.ts';
import { randomImages } from '../testing/images.ts';
import { linearClass, linearWorstMarginLinf } from '../testing/oracles.ts';
import { attacks, findAttack } from './index.ts';
import { type AttackRequest, runAttack } from './run.ts';

beforeAll(() => tf.setBackend('cpu'));

const COUNT = 10;
const model = randomLinear(10, 5);
const { x, examples, size } = randomImages(COUNT, model.inputShape, 3, 0.4);
const image = (images: Float32Array, i: number) => images.slice(i * size, (i + 1) * size);
const y = Int32Array.from(examples, (i) => linearClass(model, image(x, i)));
const others = y.map((own) => (own + 1) % 10);

function attack(id: string, changes: Partial<AttackRequest> = {}) {
  const found = findAttack(id);
  const request = { classifier: model, x, y, target: null, examples, norm: 'Linf', epsilon: 0.05 } as const;
  return runAttack({ ...request, attack: found, options: smallBudgets[id] ?? {}, seed: 1, stream: 'a', ...changes });
}
const won = (success: Uint8Array) => success.filter((flag) => flag === 1).length;

describe('ART#85, ART#2404: the ball is around x, however many steps there are', () => {
  test.each(['bim', 'mi-fgsm', 'pgd', 'apgd'])('%s', async (id) => {
    // A model this hard to fool lets no image leave early.
    const { xAdv } = await attack(id, {
      classifier: scaled(model, 1e-3),
      epsilon: 0.01,
      options: { steps: 150, loss: 'margin' },
    });
    for (const distance of distances(x, xAdv, size, 'Linf')) expect(inBall(distance, 0.01)).toBe(true);
    expect(Math.max(...distances(x, xAdv, size, 'Linf'))).toBeGreaterThan(0.0099);
  });
});

test('ART#507: what takes the whole of ε is a success, for any ε that a float32 rounds', async () => {
  // Falls exactly where the first value has gone down by ε: the margin there is an ulp below 0.
  for (let k = 1; k <= 40; k++) {
    const epsilon = k / 255;
    const start = Float32Array.from({ length: 16 }, () => 0.5);
    const edge = start.map((value) => value - epsilon);
    project(start, edge, 16, 'Linf', epsilon);
    const weights = new Float32Array(32);
    weights[0] = 1;
    const at = edge[0] as number;
    const brink = linear(weights, Float32Array.of(0, at + 1e-6));
    const { success, distance } = await attack('pgd', {
      classifier: brink,
      x: start,
      y: Int32Array.of(0),
      examples: Int32Array.of(0),
      epsilon,
      options: { loss: 'margin', relativeStepSize: 0.3 },
    });
    expect([k, success[0]]).toEqual([k, 1]);
    expect(inBall(distance[0] as number, epsilon)).toBe(true);
  }
});

describe('ART#840: targeted attacks reach their targets, and more of them in a larger ball', () => {
  test.each(['pgd', 'apgd', 'bim', 'mi-fgsm'])('%s', async (id) => {
    const reached = [];
    for (const epsilon of [0.02, 0.1, 0.2, 0.5]) {
      const options = { ...smallBudgets[id], loss: 'margin' };
      reached.push(won((await attack(id, { target: others, epsilon, options })).success));
    }
    expect(reached).toEqual(reached.toSorted((a, b) => a - b));
    expect(reached.at(-1)).toBe(COUNT);
    expect(reached[0]).toBeLessThan(COUNT);
  });
});

test('ART#2116: every loss leads away from the label, and with a target to it', async () => {
  for (const loss of ['ce', 'margin', 'dlr', 'rescaled-ce']) {
    for (const target of [null, others]) {
      const { xAdv } = await attack('pgd', {
        target,
        epsilon: 0.3,
        options: { loss, steps: 10, relativeStepSize: 0.2 },
      });
      for (const [i, own] of y.entries()) {
        const wanted = target?.[i];
        const came = linearClass(model, image(xAdv, i));
        if (wanted === undefined) expect(came).not.toBe(own);
        else expect(came).toBe(wanted);
      }
    }
  }
});

describe('ART#476, foolbox#571: nothing leaves the pixel range', () => {
  test.each(attacks.filter(({ access }) => access !== 'transfer').map(({ id }) => id))(
    '%s, from black and white',
    async (id) => {
      const found = findAttack(id);
      const corners = x.map((value) => (value > 0.5 ? 1 : 0));
      const labels = Int32Array.from(examples, (i) => linearClass(model, image(corners, i)));
      for (const norm of found.norms) {
        const target = found.targeted === 'required' ? labels.map((own) => (own + 1) % 10) : null;
        const epsilon = { Linf: 0.5, L2: 1, L1: 4, L0: 8 }[norm];
        const { xAdv } = await attack(id, { x: corners, y: labels, target, norm, epsilon });
        expect([...inBox(xAdv, size)]).toEqual(new Array(COUNT).fill(1));
      }
    },
  );
});

describe('auto-attack#64: a success on an image that was right is another image', () => {
  test.each(attacks.filter(({ access }) => access !== 'transfer').map(({ id }) => id))('%s', async (id) => {
    const found = findAttack(id);
    const [norm] = found.norms as ['Linf'];
    const target = found.targeted === 'required' ? others : null;
    const { xAdv, success, distance, cleanCorrect } = await attack(id, {
      norm,
      target,
      epsilon: { Linf: 0.3, L2: 1, L1: 4, L0: 8 }[norm],
    });
    for (const [i, flag] of success.entries()) {
      expect(cleanCorrect[i]).toBe(1);
      if (flag === 0) continue;
      expect(distance[i]).toBeGreaterThan(0);
      expect(image(xAdv, i)).not.toEqual(image(x, i));
    }
  });
});

test('auto-attack#76: too few classes for the targeted DLR loss are refused by name', async () => {
  const three = randomLinear(3, 5);
  const labels = Int32Array.from(examples, (i) => linearClass(three, image(x, i)));
  await expect(attack('apgd-t', { classifier: three, y: labels })).rejects.toThrow(/has 3 classes, .* at least 4/);
  const ten = { options: { steps: 5, targets: 9 } };
  await expect(attack('apgd-t', ten)).resolves.toBeDefined();
  await expect(attack('apgd-t', { options: { steps: 5, targets: 100 } })).resolves.toBeDefined();
});

describe('cifar10_challenge#1, advertorch#63: shifted logits change nothing', () => {
  test.each([-1e3, 1e3, 1e6])('by %s', async (by) => {
    // In float32 logits of a million have steps of 1/16: the model is scaled up so that none is lost to that.
    const large = scaled(model, 1e4);
    for (const loss of ['ce', 'margin']) {
      const options = { loss, randomStart: false, steps: 20, relativeStepSize: 0.1 };
      const plain = await attack('pgd', { classifier: large, options });
      const moved = await attack('pgd', { classifier: shifted(large, by), options });
      if (loss === 'margin') expect([...moved.success]).toEqual([...plain.success]);
      else expect(won(moved.success)).toBeGreaterThanOrEqual(won(plain.success));
    }
    const worst = [...y].map((own, i) => Number(linearWorstMarginLinf(model, image(x, i), own, 0.05) < 0));
    const options = { loss: 'margin', restarts: 5, steps: 40 };
    expect([...(await attack('pgd', { classifier: shifted(large, by), options })).success]).toEqual(worst);
  });
});

describe('robustbench#7 and #99, #108, #155:', () => {
  const lines = [
    untargeted('fgsm', 'fgsm'),
    untargeted('pgd', 'pgd', { loss: 'margin', steps: 20, relativeStepSize: 0.1 }),
    untargeted('square', 'square', { queries: 50 }),
  ];
  const trial = { lines, examples: { x, y, count: COUNT }, epsilon: 0.05, probes: [] };

  test('the number of a row is that of the images which no line broke', async () => {
    const result = await evaluated(model, trial);
    const standing = new Set(y.keys());
    for (const { attack: id, options } of lines) {
      const { success } = await attack(id, { options, seed: 1, stream: id });
      for (const [i, flag] of success.entries()) if (flag === 1) standing.delete(i);
    }
    expect(result.robustAccuracy.value).toBe(standing.size / COUNT);
    expect(result.robustAccuracy.value).toBeLessThanOrEqual(
      Math.min(...result.attacks.map(({ robustAccuracy }) => robustAccuracy.value)),
    );
  });

  test('a model that normalises what it sees is attacked in pixels, and one that does so twice is told apart', async () => {
    const normalised = (of: Classifier, times: number): Classifier => ({
      ...of,
      logits: (batch) =>
        tf.tidy(() => {
          let seen = batch;
          for (let i = 0; i < times; i++) seen = tf.div(tf.sub(seen, 0.3), 0.25);
          return of.logits(seen);
        }),
    });
    // The linear model on normalised pixels: its weights times 0.25, its bias moved along.
    const weights = model.weights.map((weight) => weight * 0.25);
    const bias = model.bias.map((value, c) => {
      let moved = value;
      for (let i = c; i < model.weights.length; i += 10) moved += 0.3 * (model.weights[i] as number);
      return moved;
    });
    const inner = linear(weights, Float32Array.from(bias));
    const plain = await evaluated(model, trial);
    const once = await evaluated(normalised(inner, 1), trial);
    expect([once.cleanAccuracy, once.robustAccuracy]).toEqual([plain.cleanAccuracy, plain.robustAccuracy]);
    const twice = await evaluated(normalised(inner, 2), trial);
    expect(twice.cleanAccuracy.value).toBeLessThan(once.cleanAccuracy.value);
    const { xAdv } = await attack('pgd', { classifier: normalised(inner, 1), options: { loss: 'margin' } });
    for (const distance of distances(x, xAdv, size, 'Linf')) expect(inBall(distance, 0.05)).toBe(true);
  });
});
