import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Classifier } from '../models/classifier.ts';
import { constant, onePixel, randomLinear } from '../testing/classifiers.ts';
import type { Attack, AttackContext } from './attack.ts';
import { findAttack } from './index.ts';
import { type AttackRequest, runAttack } from './run.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** An attack that does what the test says. */
function fake(perturb: (context: AttackContext) => tf.Tensor, changes: Partial<Attack> = {}): Attack {
  return {
    id: 'fake',
    name: 'Fake',
    norms: ['L0', 'L1', 'L2', 'Linf'],
    kind: 'fixed-epsilon',
    access: 'none',
    targeted: 'optional',
    paper: 'https://example.org',
    optionsSchema: z.strictObject({ steps: z.int().min(1).default(3), loss: z.enum(['ce', 'margin']).default('ce') }),
    perturb: async (context) => tf.tidy(() => perturb(context) as tf.Tensor4D),
    ...changes,
  };
}

const identity = fake(({ x }) => x.clone());

function run(attack: Attack, changes: Partial<AttackRequest> = {}) {
  return runAttack({
    attack,
    options: {},
    classifier: onePixel(0),
    x: new Float32Array(32).fill(0.4),
    y: new Int32Array(2),
    target: null,
    examples: Int32Array.of(4, 5),
    norm: 'Linf',
    epsilon: 0.2,
    seed: 0,
    stream: '',
    ...changes,
  });
}

describe('what an attack returns', () => {
  const white = fake(({ x }) => tf.onesLike(x));

  test.each([
    ['Linf', 0.2, 0.6],
    ['L2', 0.8, 0.6],
    ['L1', 3.2, 0.6],
  ] as const)('is projected onto the ball before it is judged: %s', async (norm, epsilon, value) => {
    const { xAdv, success, distance } = await run(white, { norm, epsilon });
    for (const pixel of xAdv) expect(pixel).toBeCloseTo(value, 6);
    expect([...success]).toEqual([1, 1]);
    for (const d of distance) expect(d).toBeLessThanOrEqual(epsilon * (1 + 1e-6));
  });

  test('is projected onto the ball before it is judged: L0', async () => {
    const { xAdv, distance } = await run(white, { norm: 'L0', epsilon: 3 });
    expect([...xAdv.slice(0, 5)]).toEqual([1, 1, 1, Math.fround(0.4), Math.fround(0.4)]);
    expect([...distance]).toEqual([3, 3]);
  });

  test('is clipped to the pixel range, and fails where that undoes it', async () => {
    const beyond = fake(({ x }) => tf.fill(x.shape, -7));
    const { xAdv, success } = await run(beyond, { epsilon: 1 });
    expect([...xAdv].every((value) => value === 0)).toBe(true);
    expect([...success]).toEqual([0, 0]);
  });

  test('counts for nothing where it is not finite', async () => {
    const broken = fake(({ x }) => tf.concat([tf.fill([1, 4, 4, 1], Number.NaN), tf.onesLike(x.slice([1]))]));
    const { xAdv, success, rejected } = await run(broken);
    expect(rejected).toBe(1);
    expect([...success]).toEqual([0, 1]);
    expect(xAdv.slice(0, 16)).toEqual(new Float32Array(16).fill(0.4));
  });

  test.each([
    ['shape', fake(({ x }) => tf.reshape(x, [-1, 16]))],
    ['number of images', fake(({ x }) => x.slice([0], [1]))],
    ['type', fake(({ x }) => tf.cast(x, 'int32'))],
  ])('is refused when its %s is wrong', async (_what, attack) => {
    const before = tf.memory().numTensors;
    await expect(run(attack)).rejects.toThrow(/fake returned .*, wanted float32 \[2,4,4,1\]/);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('is judged by the model, whatever the attack believes', async () => {
    expect([...(await run(identity)).success]).toEqual([0, 0]);
  });
});

test('an error of the attack comes through and leaves no tensor behind', async () => {
  const failing = fake(() => {
    throw new Error('out of ideas');
  });
  const before = tf.memory().numTensors;
  await expect(run(failing)).rejects.toThrow('out of ideas');
  expect(tf.memory().numTensors).toBe(before);
});

test('the attack meets only the rows that need it, with their own labels, targets and keys', async () => {
  const seen: AttackContext[] = [];
  const watching = fake((context) => {
    seen.push(context);
    return context.x.clone();
  });
  const x = new Float32Array(48).fill(0.4);
  x[16] = 0.9;
  await run(watching, { x, y: new Int32Array(3), target: Int32Array.of(1, 1, 1), examples: Int32Array.of(7, 8, 9) });
  expect(
    seen.map(({ x: { shape }, y, target, examples }) => [shape, [...y], [...(target ?? [])], [...examples]]),
  ).toEqual([
    [
      [2, 4, 4, 1],
      [0, 0],
      [1, 1],
      [7, 9],
    ],
  ]);
});

describe('a classifier that draws', () => {
  const other = {
    ...onePixel(0),
    logits: (x: tf.Tensor4D) => tf.tidy(() => tf.neg(onePixel(0).logits(x)) as tf.Tensor2D),
  };
  const keys: object[] = [];
  /** To attacks it says the opposite of its answer. */
  const twoFaced: Classifier = {
    ...onePixel(0),
    drawing: {
      attacked(key) {
        keys.push(key);
        return other;
      },
      answering: () => onePixel(0),
    },
  };
  /** What an attack is told of the images that it begins with, and how many rows it has. */
  const told = async (eotSamples: number, changes: Partial<AttackRequest> = {}) => {
    const seen: number[][] = [];
    const asks = async (context: AttackContext) => {
      const logits = context.model.logits(context.x);
      seen.push([...context.adversarial(await logits.data<'float32'>(), Int32Array.of(0, 1))]);
      return context.x.clone();
    };
    const optionsSchema = z.strictObject({ eotSamples: z.int().default(1) });
    const attack = fake(({ x }) => x.clone(), { optionsSchema, perturb: asks });
    const outcome = await run(attack, { classifier: twoFaced, options: { eotSamples }, ...changes });
    return { seen, outcome };
  };

  test('is judged by its answer and attacked by other draws, under a key of the line and the chunk', async () => {
    const { seen, outcome } = await told(1, { seed: 7, stream: 'line', chunk: 4 });
    expect(seen).toEqual([[1, 1]]);
    expect(keys.at(-1)).toEqual({ seed: 7, line: 'line', chunk: 4 });
    expect([...outcome.cleanCorrect]).toEqual([1, 1]);
    expect([...outcome.success]).toEqual([0, 0]);
    // Both were lost again; the judge looked before and after, the attack once, at two images each.
    expect(outcome).toMatchObject({ lost: 2, forwardCalls: 6 });
  });

  test('is no success to a line that averages over draws before the judge has seen it', async () => {
    const { seen, outcome } = await told(2);
    expect(seen).toEqual([[0, 0]]);
    expect(outcome.lost).toBe(0);
    expect((await told(2, { classifier: onePixel(0), y: Int32Array.of(1, 1), epsilon: 0.2 })).seen).toEqual([]);
  });
});

test('no rows, no work', async () => {
  const none = new Int32Array();
  const outcome = await run(identity, { x: new Float32Array(), y: none, examples: none });
  expect(outcome).toMatchObject({ forwardCalls: 0, gradientCalls: 0, nonFinite: 0, zeroGradientShare: null });
  expect(outcome.success.length).toBe(0);
});

describe('wrong input is refused by name', () => {
  const linear = randomLinear(3, 1);
  const pixels = new Float32Array(32).fill(0.4);
  const wrong: [string, Partial<AttackRequest>, RegExp][] = [
    ['too few pixels', { x: new Float32Array(31) }, /^x: 31 values came, wanted 2 images of 4×4×1/],
    ['a pixel out of range', { x: pixels.map((v, i) => (i === 20 ? 1.5 : v)) }, /^x of example 5: 1.5 came.*\[0, 1\]/],
    ['a pixel that is NaN', { x: pixels.map((v, i) => (i === 3 ? Number.NaN : v)) }, /^x of example 4: NaN came/],
    ['too many labels', { y: new Int32Array(3) }, /^y: 3 values came, wanted 2/],
    ['a label that is no class', { y: Int32Array.of(0, 2) }, /^y: 2 came, wanted classes from 0 to 1/],
    ['a target that is the own class', { target: Int32Array.of(1, 0) }, /^target of example 5: 0 came/],
    ['a negative radius', { epsilon: -0.1 }, /^epsilon: -0.1 came/],
    ['a radius that is NaN', { epsilon: Number.NaN }, /^epsilon: NaN came/],
    ['no ball for an attack that needs one', { epsilon: Number.POSITIVE_INFINITY }, /^epsilon: Infinity came.*fake/],
    ['an unknown option', { options: { stpes: 3 } }, /^fake has no option stpes/],
    ['an option out of range', { options: { steps: 0 } }, /^fake.steps: 0 came; .*>=1/],
    ['an option that is no choice', { options: { loss: 'mse' } }, /^fake.loss: "mse" came; .*"ce"\|"margin"/],
  ];
  test.each(wrong)('%s', async (_name, changes, message) => {
    await expect(run(identity, changes)).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringMatching(message),
    });
  });

  test('an attack in a norm that it does not know', async () => {
    await expect(run(findAttack('jsma'), { target: Int32Array.of(1, 1) })).rejects.toThrow(
      /^norm: Linf came, wanted L0/,
    );
  });

  test('a targeted attack without a target, an untargeted one with', async () => {
    await expect(run(findAttack('jsma'), { norm: 'L0', epsilon: 2 })).rejects.toThrow(/^target: null came/);
    const untargeted = fake(({ x }) => x.clone(), { targeted: 'never' });
    await expect(run(untargeted, { target: Int32Array.of(1, 1) })).rejects.toThrow(
      /^target: classes came, wanted none/,
    );
  });

  test('an attack that is not in the list', () => {
    expect(() => findAttack('pdg')).toThrow(/there is no 'pdg'/);
  });

  test('a model whose scores have another shape than it declares', async () => {
    const lying = { ...constant(3), classes: 2 };
    await expect(run(identity, { classifier: lying })).rejects.toMatchObject({ kind: 'submission' });
    expect((await run(identity, { classifier: linear, y: Int32Array.of(2, 2) })).cleanCorrect.length).toBe(2);
  });
});
