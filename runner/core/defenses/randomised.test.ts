/** Defenses that draw: which draws an answer and an attack meet, and what comes of them where that is known in closed form. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { meanGradient } from '../attacks/shared/useful-gradient.ts';
import { gradientModel } from '../gradients.ts';
import { crossEntropy, margin } from '../losses.ts';
import { asAttacked, type Classifier, withLogits } from '../models/classifier.ts';
import { linear, randomLinear } from '../testing/classifiers.ts';
import { knownGenerator, untrainedGenerator } from '../testing/generator.ts';
import { randomImages } from '../testing/images.ts';
import { slopeAndQuotient } from '../testing/slopes.ts';
import { defended, type NamedDefense } from './index.ts';

beforeAll(() => tf.setBackend('cpu'));

const images = (count: number) => tf.tensor4d(randomImages(count, [4, 4, 1], 9, 0.3).x, [count, 4, 4, 1]);
const valuesOf = (classifier: Classifier, x: tf.Tensor4D) => tf.tidy(() => [...classifier.logits(x).dataSync()]);
const named: readonly NamedDefense[] = [
  { id: 'gaussian-noise', options: { samples: 5 } },
  { id: 'random-resize-pad', options: { samples: 5, smallest: 0.5 } },
  { id: 'defense-gan', options: { steps: 3 }, file: 'generator' },
];
const open = (
  one: NamedDefense | readonly NamedDefense[],
  net: Classifier = randomLinear(3, 1),
  file = untrainedGenerator([4, 4, 1]),
) => defended([net], [one].flat(), () => file);
const key = { seed: 1, line: 'apgd', chunk: 2 };

function close(a: readonly number[], b: readonly number[], digits: number): void {
  for (const [i, value] of a.entries()) expect(value).toBeCloseTo(b[i] as number, digits);
}

describe.each(named)('$id', (one) => {
  it('answers the same whenever and wherever it is opened, and otherwise by another number', () => {
    const x = images(3);
    const classifier = open(one);
    const answer = valuesOf(classifier, x);
    expect(valuesOf(classifier, x)).toEqual(answer);
    expect(valuesOf(open(one), x)).toEqual(answer);
    expect(valuesOf(classifier.drawing?.answering(0) as Classifier, x)).toEqual(answer);
    expect(valuesOf(classifier.drawing?.answering(1) as Classifier, x)).not.toEqual(answer);
    expect(valuesOf(classifier, x)).toEqual(answer);
  });

  it('meets an attack with other draws in each pass, which its key alone decides', () => {
    const x = images(1);
    const series = (of: (pass: number) => Classifier) =>
      Array.from({ length: 6 }, (_, pass) => valuesOf(of(pass), x).join());
    const attacked = (changes: Partial<typeof key>) => {
      const view = asAttacked(open(one), { ...key, ...changes });
      return series(() => view);
    };
    const all = attacked({});
    expect(attacked({})).toEqual(all);
    // A defense of few sizes and places draws the same now and then.
    expect(new Set(all).size).toBeGreaterThan(3);
    const answers = series((number) => open(one).drawing?.answering(number) as Classifier);
    const different = [all, attacked({ seed: 2 }), attacked({ line: 'fab' }), attacked({ chunk: 3 }), answers];
    expect(new Set(different.map((passes) => passes.join(';'))).size).toBe(5);
  });

  it('disposes of all it has', () => {
    const before = tf.memory().numTensors;
    const x = images(1);
    const classifier = open(one);
    valuesOf(asAttacked(classifier, key), x);
    const model = gradientModel(classifier);
    tf.dispose(model.gradient(x, crossEntropy([0])) as unknown as tf.TensorContainer);
    model.dispose();
    classifier.dispose();
    x.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

it('two that draw, draw apart, and scores that are changed are so for attacks too', () => {
  const noise = named[0] as NamedDefense;
  const once = open({ ...noise, options: { samples: 1, deviation: 1 } });
  const twice = open([0, 1].map(() => ({ ...noise, options: { samples: 1, deviation: Math.SQRT1_2 } })));
  expect(valuesOf(twice, images(1))).not.toEqual(valuesOf(once, images(1)));
  // Were both draws the same, they would add up to √2 times as much.
  const same = open({ ...noise, options: { samples: 1, deviation: Math.SQRT2 } });
  const other = valuesOf(same, images(1));
  for (const [i, value] of valuesOf(twice, images(1)).entries()) {
    expect(Math.abs(value - (other[i] as number))).toBeGreaterThan(1e-3);
  }
  const negated: Classifier = { ...once, ...withLogits(once, (of) => (x) => tf.neg(of.logits(x))) };
  for (const view of [(of: Classifier) => of, (of: Classifier) => asAttacked(of, key)]) {
    expect(valuesOf(view(negated), images(1))).toEqual(valuesOf(view(once), images(1)).map((value) => -value));
  }
});

describe('gradients', () => {
  it.each<NamedDefense>([
    { id: 'gaussian-noise', options: { samples: 7, answer: 'mean' } },
    { id: 'random-resize-pad', options: { samples: 7, smallest: 0.5 } },
    { id: 'random-resize-pad', options: { samples: 1, smallest: 0.5 } },
  ])('of the mean answer of $id are what differences give', (one) => {
    const net = randomLinear(3, 1);
    const gentle = { ...net, logits: (x: tf.Tensor4D) => tf.tidy(() => tf.mul(net.logits(x), 0.3) as tf.Tensor2D) };
    const { slope, quotient } = slopeAndQuotient(open(one, gentle), images(1));
    expect(Math.abs(slope)).toBeGreaterThan(0.01);
    expect(slope).toBeCloseTo(quotient, 2);
  });

  it.each(named)('of several losses of $id from one pass are those of each by itself', (one) => {
    const model = gradientModel(open(one));
    const x = images(2);
    const losses = [crossEntropy([0, 1]), margin([0, 1])];
    const together = model.gradients(x, losses).gradients.map((gradient) => [...gradient.dataSync()]);
    const alone = losses.map((loss) => [...model.gradient(x, loss).gradient.dataSync()]);
    close(together.flat(), alone.flat(), 5);
    expect(Math.max(...together.flat().map(Math.abs))).toBeGreaterThan(0);
  });

  it('averaged over draws tend to that of the expectation: a linear net in normal noise', () => {
    const [w0, w1, bias] = [1.5, -2, 1];
    const net = linear(Float32Array.of(w0, 0, w1, 0), Float32Array.of(bias, 0), [1, 2, 1]);
    const deviation = 1.6;
    const x = tf.tensor4d([0.6, 0.3], [1, 1, 2, 1]);
    const attacked = asAttacked(open({ id: 'gaussian-noise', options: { deviation } }, net), key);
    const { gradient } = meanGradient(gradientModel(attacked), x, crossEntropy([0]), 500);
    // The margin is m + s · n with n normal; the cross-entropy's slope along it −1 / (1 + exp(m + s n)).
    const [m, s] = [bias + 0.6 * w0 + 0.3 * w1, deviation * Math.hypot(w0, w1)];
    let expected = 0;
    for (let n = -6; n < 6; n += 0.01) {
      expected -= (0.01 * Math.exp((-n * n) / 2)) / Math.sqrt(2 * Math.PI) / (1 + Math.exp(m + s * n));
    }
    const [g0, g1] = gradient.dataSync();
    expect(Math.abs((g0 as number) / w0 - expected)).toBeLessThan(0.05);
    expect((g1 as number) / (g0 as number)).toBeCloseTo(w1 / w0, 3);
    // The noiseless net has another slope.
    expect(Math.abs(-1 / (1 + Math.exp(m)) - expected)).toBeGreaterThan(0.1);
  });
});

it('a majority is right as often as the binomial distribution says', () => {
  // One draw in four leads over the boundary: Φ(0.6745) = 0.75.
  const margin75 = 0.6745;
  const net = linear(Float32Array.of(1, 0, 0, 0), Float32Array.of(margin75 - 0.5, 0), [1, 2, 1]);
  const x = tf.tensor4d([0.5, 0.5], [1, 1, 2, 1]);
  const right = (samples: number, answers: number) => {
    const { drawing } = open({ id: 'gaussian-noise', options: { deviation: 1, samples } }, net);
    const votes = Array.from({ length: answers }, (_, n) => valuesOf(drawing?.answering(n) as Classifier, x));
    return votes.filter(([a, b]) => (a as number) > (b as number)).length / answers;
  };
  const p = 0.75;
  const majority = p ** 5 + 5 * p ** 4 * (1 - p) + 10 * p ** 3 * (1 - p) ** 2;
  const four = (share: number, n: number) => 4 * Math.sqrt((share * (1 - share)) / n);
  expect(Math.abs(right(1, 400) - p)).toBeLessThan(four(p, 400));
  expect(Math.abs(right(5, 400) - majority)).toBeLessThan(four(majority, 400));
  expect(majority - p).toBeGreaterThan(2 * four(majority, 400));
});

describe('random-resize-pad', () => {
  const scoresOf = (smallest: number, net: Classifier) =>
    valuesOf(open({ id: 'random-resize-pad', options: { smallest, samples: 1 } }, net), tf.ones([1, 4, 4, 1]));
  const ink: Classifier = {
    ...{ inputShape: [4, 4, 1], classes: 2, dispose: () => {} },
    logits: (x) => tf.stack([tf.sum(x, [1, 2, 3]), tf.zeros([x.shape[0]])], 1) as tf.Tensor2D,
  };
  // The log of a probability of 1 / (1 + exp(−ink)), turned around.
  const inkOf = ([first = 0, second = 0]: number[]) => first - second;

  it('leaves an image as it is that may not shrink', () => {
    expect(inkOf(scoresOf(1, ink))).toBeCloseTo(16, 4);
  });

  it('makes a white image a white square on black', () => {
    const areas = new Set<number>();
    const { drawing } = open({ id: 'random-resize-pad', options: { smallest: 0.5, samples: 1 } }, ink);
    for (let n = 0; n < 40; n++) {
      areas.add(Math.round(inkOf(valuesOf(drawing?.answering(n) as Classifier, tf.ones([1, 4, 4, 1]))) * 1e3) / 1e3);
    }
    expect([...areas].sort((a, b) => a - b)).toEqual([4, 9, 16]);
  });
});

describe('defense-gan', () => {
  /** What `knownGenerator` makes of z. */
  const made = (z: number) =>
    Array.from({ length: 16 }, (_, i) => {
      const within = (at: number) => (at === 0 || at === 3 ? 1 : 2);
      const k = within(i % 4) * within(Math.floor(i / 4));
      return 1 / (1 + Math.exp(-(k * (z + 5)) / 10 + 1));
    });
  const net = randomLinear(3, 1);
  const by = (options: NamedDefense['options']) =>
    open({ id: 'defense-gan', options, file: 'g' }, net, knownGenerator());

  it.each<NamedDefense['options']>([{ steps: 200 }, { steps: 200, restarts: 3 }])(
    'finds the image that the generator makes: %o',
    (options) => {
      const x = tf.tensor4d([...made(-1), ...made(2)], [2, 4, 4, 1]);
      close(valuesOf(by(options), x), valuesOf(net, x), 2);
    },
  );

  it('undoes a change that no image of the generator has', () => {
    const clean = made(1);
    // Two pixels of one kind, one up and one down.
    const changed = clean.map((value, i) => (i === 5 ? value + 0.2 : i === 6 ? value - 0.2 : value));
    const x = tf.tensor4d(changed, [1, 4, 4, 1]);
    close(valuesOf(by({ steps: 200 }), x), valuesOf(net, tf.tensor4d(clean, [1, 4, 4, 1])), 2);
    expect(Math.abs((valuesOf(net, x)[0] as number) - (valuesOf(by({ steps: 200 }), x)[0] as number))).toBeGreaterThan(
      0.05,
    );
  });

  it('takes the best of its starts, image by image', () => {
    const distance = (options: NamedDefense['options'], z: number) => {
      let seen: tf.Tensor4D | null = null;
      const watched: Classifier = {
        ...net,
        logits(x) {
          seen = tf.keep(x.clone());
          return net.logits(x);
        },
      };
      valuesOf(
        open({ id: 'defense-gan', options, file: 'g' }, watched, knownGenerator()),
        tf.tensor4d(made(z), [1, 4, 4, 1]),
      );
      const found = (seen as unknown as tf.Tensor4D).dataSync();
      return made(z).reduce((sum, value, i) => sum + (value - (found[i] as number)) ** 2, 0);
    };
    // Hardly a step, so that the starts decide.
    const few = { steps: 1, stepSize: 1e-3 };
    for (const z of [-2, 0, 2]) expect(distance({ ...few, restarts: 20 }, z)).toBeLessThan(distance(few, z));
  });

  it('has the derivative of the last step, which leads along its images', () => {
    const x = tf.tensor4d(made(0), [1, 4, 4, 1]);
    const slope = [
      ...gradientModel(by({ steps: 200, stepSize: 30 }))
        .gradient(x, margin([0]))
        .gradient.dataSync(),
    ];
    const ahead = [
      ...gradientModel(net)
        .gradient(x, margin([0]))
        .gradient.dataSync(),
    ];
    // How each pixel follows z, by differences.
    const [above, below] = [made(1e-3), made(-1e-3)];
    const follows = above.map((value, i) => (value - (below[i] as number)) / 2e-3);
    const along = follows.reduce((sum, value, i) => sum + value * (ahead[i] as number), 0);
    expect(Math.max(...slope.map(Math.abs))).toBeGreaterThan(0.01);
    close(
      slope,
      follows.map((value) => ((2 * 30) / 16) * value * along),
      3,
    );
  });

  it.each([
    ['a file that is none', new Uint8Array(3), /defenses\.0\.file: /],
    [
      'a generator of other images',
      untrainedGenerator([8, 8, 1]),
      /defenses\.0\.file: weights do not fit a generator of images of 4 × 4 × 1/,
    ],
  ])('refuses %s', (_, file, message) => {
    expect(() => open({ id: 'defense-gan', options: {}, file: 'g' }, net, file)).toThrow(message);
  });

  it('refuses to go without', () => {
    expect(() => open({ id: 'defense-gan', options: {} }, net)).toThrow(
      /defenses\.0\.file: .*needs the file of a generator/,
    );
  });
});
