import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { gradientModel } from '../gradients.ts';
import { classLogit } from '../losses.ts';
import { type LinearClassifier, linear, randomLinear, scaled, smallNet } from '../testing/classifiers.ts';
import { randomImages } from '../testing/images.ts';
import { linearClass } from '../testing/oracles.ts';
import { findAttack } from './index.ts';
import { type AttackRequest, runAttack } from './run.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

function attack(request: Partial<AttackRequest> & Pick<AttackRequest, 'classifier' | 'x' | 'y' | 'target'>) {
  const examples = request.y.map((_, i) => i);
  const fixed = {
    attack: findAttack('jsma'),
    norm: 'L0',
    epsilon: Number.POSITIVE_INFINITY,
    seed: 0,
    stream: '',
  } as const;
  return runAttack({ ...fixed, options: {}, examples, ...request });
}

/** Number of values that must change before a linear model of two classes gives way, two at a time. */
function featuresNeeded(model: LinearClassifier, image: Float32Array, target: number, theta: 1 | -1): number {
  const gain = (i: number) =>
    theta * ((model.weights[i * 2 + target] as number) - (model.weights[i * 2 + 1 - target] as number));
  const order = [...image.keys()].sort((a, b) => gain(b) - gain(a));
  const changed = image.slice();
  for (let count = 0; count <= order.length; count += 2) {
    if (linearClass(model, changed) === target) return count;
    for (const i of order.slice(count, count + 2)) changed[i] = theta === 1 ? 1 : 0;
  }
  return Number.NaN;
}

describe('on a linear model of two classes', () => {
  const model = randomLinear(2, 9);
  const { x, examples, size } = randomImages(12, model.inputShape, 4, 0.05);
  // Image after image further into the class of its own, so that ever more features are needed.
  for (const [i, value] of x.entries()) {
    const side = Math.sign((model.weights[(i % size) * 2] as number) - (model.weights[(i % size) * 2 + 1] as number));
    x[i] = value + side * 0.035 * Math.floor(i / size);
  }
  const images = [...examples].map((i) => x.slice(i * size, (i + 1) * size));
  const y = Int32Array.from(images, (image) => linearClass(model, image));
  const target = y.map((own) => 1 - own);

  test.each([1, -1] as const)(
    'changes the features with the largest weights and no more than needed, theta %s',
    async (theta) => {
      const needed = images.map((image, i) => featuresNeeded(model, image, target[i] as number, theta));
      expect(needed.every((count) => count > 0 && count < 16)).toBe(true);
      const onProbabilities = await attack({ classifier: model, x, y, target, options: { theta } });
      expect([...onProbabilities.success].every(Boolean)).toBe(true);
      expect([...onProbabilities.distance]).toEqual(needed);
    },
  );

  test('saturates the chosen values and leaves the others as they are', async () => {
    const { xAdv } = await attack({ classifier: model, x, y, target, options: { theta: -1 } });
    for (const [i, value] of xAdv.entries()) expect(value === x[i] || value === 0).toBe(true);
  });

  test('keeps to the limit of values, its own and that of the ball', async () => {
    const needed = images.map((image, i) => featuresNeeded(model, image, target[i] as number, 1));
    const afford = needed.map((count) => (count <= 2 ? 1 : 0));
    expect(new Set(afford).size).toBe(2);
    const own = await attack({ classifier: model, x, y, target, options: { maxFeatures: 3 } });
    expect([...own.success]).toEqual(afford);
    expect(Math.max(...own.distance)).toBe(2);
    const ball = await attack({ classifier: model, x, y, target, epsilon: 2 });
    expect([...ball.success]).toEqual(afford);
  });

  test('the same images whatever the number at work at a time', async () => {
    const many = await attack({ classifier: model, x, y, target });
    const few = await attack({ classifier: model, x, y, target, options: { batch: 3 } });
    expect(few.xAdv).toEqual(many.xAdv);
    expect(few.gradientCalls).toBe(many.gradientCalls);
  });

  test('stops where the probability of the target underflows, but not on logits', async () => {
    const distilled = scaled(model, 1e4);
    const probabilities = await attack({ classifier: distilled, x, y, target });
    expect([...probabilities.success].some(Boolean)).toBe(false);
    expect(probabilities.xAdv).toEqual(x);
    expect(probabilities.gradientCalls).toBe(12);
    expect(probabilities.zeroGradientShare).toBe(1);
    const logits = await attack({ classifier: distilled, x, y, target, options: { on: 'logits' } });
    const plain = await attack({ classifier: model, x, y, target, options: { on: 'logits' } });
    expect(logits.xAdv).toEqual(plain.xAdv);
  });
});

test('a temperature undoes the scale of a distilled net, pair by pair, and changes nothing on logits', async () => {
  const net = smallNet();
  const { x, examples } = randomImages(8, net.inputShape, 6);
  const logits = tf.tidy(() => net.logits(tf.tensor4d(x.slice(), [8, ...net.inputShape])).arraySync());
  const y = Int32Array.from(logits, (z) => z.indexOf(Math.max(...z)));
  const target = y.map((own) => (own + 1) % 3);
  const request = { x, y, target, examples };
  const plain = await attack({ ...request, classifier: net });
  // A power of two, so that undoing it is exact.
  const distilled = scaled(net, 2 ** 14);
  const undone = await attack({ ...request, classifier: distilled, options: { temperature: 2 ** 14 } });
  expect(undone.xAdv).toEqual(plain.xAdv);
  expect(Math.max(...plain.distance)).toBeGreaterThan(2);
  expect((await attack({ ...request, classifier: distilled })).xAdv).not.toEqual(plain.xAdv);
  const onLogits = { ...request, classifier: net, options: { on: 'logits' } };
  const warm = { ...onLogits, options: { on: 'logits', temperature: 7 } };
  expect((await attack(warm)).xAdv).toEqual((await attack(onLogits)).xAdv);
});

describe('saliency on logits, three classes', () => {
  // Rows are features, columns classes; the target is class 1.
  const weights = [
    [0, 9, 0], // gains most, but the others do not lose
    [0, 3, -4],
    [-1, 2, -1],
    [-9, -1, 0], // the others lose most, and so does the target
  ];
  const flat = (rows: number[][]) => Float32Array.from(rows.flat());
  const bias = Float32Array.of(30, 0, 0);
  const model = linear(flat(weights), bias, [2, 2, 1]);
  const request = { classifier: model, y: Int32Array.of(0), target: Int32Array.of(1) };

  test('takes the pair that the formula names', async () => {
    // −α·β of the pairs: (0,1) 12·4, (0,2) 11·2, (0,3) 8·9, (1,2) 5·6, (1,3) 2·13, (2,3) 1·11.
    const { xAdv } = await attack({ ...request, x: new Float32Array(4), options: { on: 'logits', maxFeatures: 2 } });
    expect([...xAdv]).toEqual([1, 0, 0, 1]);
  });

  test('a value that is white already is not chosen', async () => {
    // Without feature 3 the best pair is (0,1).
    const x = Float32Array.of(0, 0, 0, 1);
    const { xAdv } = await attack({ ...request, x, options: { on: 'logits', maxFeatures: 2 } });
    expect([...xAdv]).toEqual([1, 1, 0, 1]);
  });

  test('one that nearly is not chosen either where it has too little room', async () => {
    const x = Float32Array.of(0, 0, 0, 0.995);
    const pairOf = async (leastRoom?: number) => {
      const options = { on: 'logits', maxFeatures: 2, ...(leastRoom === undefined ? {} : { leastRoom }) };
      const { xAdv } = await attack({ ...request, x, options });
      return [...xAdv.keys()].filter((i) => xAdv[i] !== x[i]);
    };
    expect(await pairOf()).toEqual([0, 3]);
    expect(await pairOf(0.001)).toEqual([0, 3]);
    expect(await pairOf(0.01)).toEqual([0, 1]);
  });

  test('no pair, no change', async () => {
    const hopeless = linear(
      flat([
        [0, -1, 0],
        [0, -1, 0],
        [0, -1, 0],
        [0, -1, 0],
      ]),
      bias,
      [2, 2, 1],
    );
    const outcome = await attack({
      ...request,
      classifier: hopeless,
      x: new Float32Array(4),
      options: { on: 'logits' },
    });
    expect([...outcome.xAdv]).toEqual([0, 0, 0, 0]);
    expect(outcome.gradientCalls).toBe(2);
  });
});

describe('on a net, the same images as the textbook algorithm with a whole Jacobian', () => {
  const net = smallNet();
  const { x, size, examples } = randomImages(4, net.inputShape, 6);

  /** Logits and ∂Z_c/∂x of one image, class by class. */
  async function jacobian(image: Float32Array) {
    const model = gradientModel(net);
    const input = tf.tensor4d(image.slice(), [1, 8, 8, 1]);
    const classes = [0, 1, 2];
    const { logits, gradients } = model.gradients(
      input,
      classes.map((c) => classLogit([c])),
    );
    const rows = await Promise.all(gradients.map((gradient) => gradient.data<'float32'>()));
    const z = [...(await logits.data())];
    tf.dispose([input, logits, ...gradients]);
    model.dispose();
    return { z, rows };
  }

  async function textbook(image: Float32Array, target: number, on: string, limit: number): Promise<Float32Array> {
    const result = image.slice();
    const open = new Set(result.keys());
    for (let changed = 0; changed + 2 <= limit; changed += 2) {
      const { z, rows } = await jacobian(result);
      if (z.indexOf(Math.max(...z)) === target) break;
      const total = z.reduce((sum, value) => sum + Math.exp(value), 0);
      const p = z.map((value) => Math.exp(value) / total);
      // ∂F_c = F_c · (∂Z_c − Σ F_j ∂Z_j)
      const slope = (c: number, i: number) => {
        const own = rows[c]?.[i] as number;
        if (on === 'logits') return own;
        return (p[c] as number) * (own - rows.reduce((sum, row, j) => sum + (p[j] as number) * (row[i] as number), 0));
      };
      let best = 0;
      let pair: [number, number] | null = null;
      for (const a of open) {
        for (const b of open) {
          if (b <= a) continue;
          const alpha = slope(target, a) + slope(target, b);
          const others = [0, 1, 2].filter((c) => c !== target);
          const beta = others.reduce((sum, c) => sum + slope(c, a) + slope(c, b), 0);
          if (alpha > 0 && beta < 0 && -alpha * beta > best) {
            best = -alpha * beta;
            pair = [a, b];
          }
        }
      }
      if (pair === null) break;
      for (const i of pair) {
        result[i] = 1;
        open.delete(i);
      }
    }
    return result;
  }

  test.each(['probabilities', 'logits'])('on %s', async (on) => {
    const start = await Promise.all([...examples].map((i) => jacobian(x.slice(i * size, (i + 1) * size))));
    const y = Int32Array.from(start, ({ z }) => z.indexOf(Math.max(...z)));
    const target = y.map((own) => (own + 1) % 3);
    const outcome = await attack({ classifier: net, x, y, target, options: { on, maxFeatures: 12 } });
    for (const i of examples) {
      const wanted = await textbook(x.slice(i * size, (i + 1) * size), target[i] as number, on, 12);
      expect(outcome.xAdv.slice(i * size, (i + 1) * size)).toEqual(wanted);
    }
    expect(Math.max(...outcome.distance)).toBeGreaterThan(2);
  });
});
