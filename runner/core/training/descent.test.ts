/** The options that every method shares: how steps are taken, what is held out, when a run ends. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { startBackend } from '../../backends/index.ts';
import { linearNet, separable } from '../testing/separable.ts';
import { findTrainingMethod } from './index.ts';
import { initialWeights } from './initial-weights.ts';
import type { DescentOptions } from './options.ts';
import { ratesAt } from './rates.ts';
import { standard } from './standard.ts';
import type { TrainingState } from './state.ts';
import { type EpochReport, type TrainingInput, train } from './train.ts';
import { validate } from './validation.ts';

beforeAll(async () => {
  await startBackend('wasm');
});

const parse = (settings: object): DescentOptions => standard.optionsSchema.parse({ dropout: 0, ...settings });

/** Runs one recipe on the linear net and keeps what each epoch told. */
async function run(settings: object, data = separable(64), method: unknown = standard) {
  const reports: EpochReport[] = [];
  const states: TrainingState[] = [];
  const input: TrainingInput = {
    architecture: linearNet,
    method: method as TrainingInput['method'],
    options: (method as typeof standard).optionsSchema.parse({ dropout: 0, epochs: 1, batchSize: 64, ...settings }),
    data,
    seed: 7,
    onEpoch(report, state) {
      reports.push(report);
      states.push(state);
    },
  };
  return { weights: await train(input), reports, states };
}

/** One black image: the loss has no slope in the matrix, and one of −1/2 and 1/2 in the bias. */
const black = { x: new Float32Array(4), y: Int32Array.of(1), count: 1 };
const start = initialWeights(linearNet, 7)['fc.weight'] as Float32Array;

describe('a step', () => {
  test('weight decay and L1 pull on weights alone, as by hand', async () => {
    const { weights } = await run({ learningRate: 0.1, weightDecay: 0.3, l1: 0.02 }, black);
    for (const [i, w] of (weights['fc.weight'] as Float32Array).entries()) {
      const before = start[i] as number;
      expect(w).toBeCloseTo(before - 0.1 * (0.3 * before + 0.02 * Math.sign(before)), 6);
    }
    expect((weights['fc.bias'] as Float32Array)[1]).toBeCloseTo(0.05, 6);
  });

  test('of adam has the length of the learning rate at first, and then follows its two means', async () => {
    const one = await run({ optimiser: 'adam', learningRate: 0.01 }, black);
    expect((one.weights['fc.bias'] as Float32Array)[1]).toBeCloseTo(0.01, 6);
    const two = await run({ optimiser: 'adam', learningRate: 0.01, epochs: 2 }, black);
    // Slopes −1/2, then −1 / (1 + e^0.02).
    const [first, second] = [-0.5, -1 / (1 + Math.exp(0.02))];
    const mean = (0.9 * 0.1 * first + 0.1 * second) / (1 - 0.9 ** 2);
    const square = (0.999 * 0.001 * first ** 2 + 0.001 * second ** 2) / (1 - 0.999 ** 2);
    expect((two.weights['fc.bias'] as Float32Array)[1]).toBeCloseTo(0.01 - (0.01 * mean) / Math.sqrt(square), 6);
  });

  test('moves the mean of the weights by a share, at first by the most', async () => {
    const plain = await run({ learningRate: 0.1 }, black);
    const averaged = await run({ learningRate: 0.1, averageDecay: 0.99 }, black);
    // The first step keeps 1 / 10 of the start.
    const end = (plain.weights['fc.bias'] as Float32Array)[1] as number;
    expect((averaged.weights['fc.bias'] as Float32Array)[1]).toBeCloseTo(0.9 * end, 6);
    const short = await run({ learningRate: 0.1, averageDecay: 0.05 }, black);
    expect((short.weights['fc.bias'] as Float32Array)[1]).toBeCloseTo(0.95 * end, 6);
  });
});

describe('the learning rate', () => {
  const rate = (settings: object, time: number) =>
    ratesAt(parse({ learningRate: 1, epochs: 10, ...settings }), 10, time).learningRate;

  test.each([
    ['straight', { annealEpochs: 4 }, [1, 1, 1, 0.75]],
    ['cosine', {}, [1, 0.5 + Math.SQRT1_2 / 2, 0.5, 0.5 + Math.cos(0.7 * Math.PI) / 2]],
    ['one-cycle', {}, [0, 0.625, 5 / 6, 0.5]],
  ] as const)('%s: at the start, after 2.5, 5 and 7 epochs of 10', (schedule, settings, wanted) => {
    for (const [i, time] of [0, 2.5, 5, 7].entries()) {
      expect(rate({ schedule, ...settings }, time)).toBeCloseTo(wanted[i] as number, 12);
    }
  });

  test('decays by steps besides', () => {
    expect(rate({ decay: 0.5, decayDelay: 3 }, 6.9)).toBe(0.25);
  });
});

describe('validation', () => {
  const data = separable(96);
  const from = 64;

  test('images that are held out do not matter to the weights, and are measured after each epoch', async () => {
    const settings = { epochs: 3, validation: 32, validationEpsilon: 0.1 };
    const { weights, reports } = await run(settings, data);
    const spoilt = { ...data, x: data.x.map((value, i) => (i >= 4 * from ? 1 - value : value)) };
    expect((await run(settings, spoilt)).weights).toEqual(weights);
    const heldOut = { x: data.x.subarray(4 * from), y: data.y.subarray(from), count: 32 };
    expect(reports.at(-1)?.validation).toEqual(await validate(linearNet, weights, heldOut, parse(settings), 7));
    expect(reports.map(({ validation }) => validation?.robust)).not.toContain(null);
    expect((await run({ epochs: 1 }, data)).reports[0]?.validation).toBeNull();
  });

  test('PGD finds every image of a linear net whose margin the ball can turn', async () => {
    // The margin of class 1 is x₁ − x₂; 0.1 in every pixel changes it by 0.2, if no pixel is near an end of its range.
    const weights = { 'fc.weight': Float32Array.of(0, 1, 0, -1, 0, 0, 0, 0), 'fc.bias': new Float32Array(2) };
    const inner = { ...data, x: data.x.map((value) => 0.2 + 0.6 * value) };
    const margins = [...inner.y].map((_, i) => Math.abs((inner.x[4 * i] as number) - (inner.x[4 * i + 1] as number)));
    const { clean, robust } = await validate(linearNet, weights, inner, parse({ validationEpsilon: 0.1 }), 7);
    expect(clean).toBe(1);
    expect(robust).toBe(margins.filter((margin) => margin > 0.2).length / 96);
  });

  // Held-out labels are turned around: the first epoch is best, whatever follows.
  const turned = { ...data, y: data.y.map((label, i) => (i >= from ? 1 - label : label)) };

  test('with patience a run ends, in its best weights, once no epoch has been better for so long', async () => {
    const settings = { epochs: 50, learningRate: 0.5, validation: 32, patience: 3 };
    const { weights, reports, states } = await run(settings, turned);
    const accuracies = reports.map(({ validation }) => validation?.clean as number);
    const best = accuracies.indexOf(Math.max(...accuracies));
    expect(reports).toHaveLength(best + 1 + 3);
    expect(weights).toEqual(states[best]?.weights);
  });

  test.each([
    ['adversarial', { warmupEpochs: 5, attackSteps: 1 }],
    ['ibp', { warmupEpochs: 2, rampEpochs: 3, optimiser: 'momentum' }],
  ])('an epoch of %s in which the radius still grows is not the best one, and costs no patience', async (id, more) => {
    const settings = { epochs: 50, learningRate: 0.5, epsilon: 0.02, validation: 32, patience: 2, ...more };
    const { weights, reports, states } = await run(settings, turned, findTrainingMethod(id));
    const accuracies = reports.map(({ validation }) => validation?.clean as number);
    const whole = accuracies.slice(5);
    expect(Math.max(...accuracies)).toBeGreaterThan(Math.max(...whole));
    const best = 5 + whole.indexOf(Math.max(...whole));
    expect(reports).toHaveLength(best + 1 + 2);
    expect(weights).toEqual(states[best]?.weights);
  });

  test('wrong settings are refused by name', async () => {
    await expect(run({ validation: 64 })).rejects.toThrow(
      'recipe.options.validation: 64 of 64 images are held out, which leaves none to learn',
    );
  });
});

test('a loss that is not finite stops the run at its step, and the epochs before it have been stored', async () => {
  const before = tf.memory().numTensors;
  const data = separable(64);
  const states: TrainingState[] = [];
  // Slopes of images this bright are still finite; the second epoch's scores, with the weights moved by them, are not.
  const input: TrainingInput = {
    architecture: linearNet,
    method: standard as unknown as TrainingInput['method'],
    options: parse({ epochs: 3, batchSize: 64, learningRate: 1, momentum: 0 }),
    data: { ...data, x: data.x.map((value) => value * 1e25) },
    seed: 7,
    onEpoch: (_, state) => void states.push(state),
  };
  await expect(train(input)).rejects.toMatchObject({
    kind: 'misbehaved',
    message: expect.stringMatching(/^training: the loss is (NaN|Infinity) at step 1 of 1 in epoch 2 of 'net'$/),
    hint: expect.stringMatching(/^lower recipe\.options\.learningRate and start anew with --no-resume;/),
  });
  expect(states.map(({ epoch }) => epoch)).toEqual([1]);
  expect(tf.memory().numTensors).toBe(before);
});

test('weights that the last step of an epoch made infinite are not stored, though every loss was finite', async () => {
  const before = tf.memory().numTensors;
  const states: TrainingState[] = [];
  // One bright pixel: whichever class the net says, with the other as its label the slope is the pixel's value, and ten times it is too large.
  const bright = { x: Float32Array.of(5e37, 0, 0, 0), count: 1 };
  const runs = [0, 1].map((label) =>
    train({
      architecture: linearNet,
      method: standard as unknown as TrainingInput['method'],
      options: parse({ epochs: 1, learningRate: 10, averageDecay: 0.5 }),
      data: { ...bright, y: Int32Array.of(label) },
      seed: 7,
      onEpoch: (_, state) => void states.push(state),
    }),
  );
  const ends = await Promise.allSettled(runs);
  expect(ends.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  expect(ends.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: {
      kind: 'misbehaved',
      message: expect.stringMatching(/^training: 'fc\.weight' holds -?Infinity after epoch 1 of 'net'$/),
      hint: expect.stringContaining('--no-resume'),
    },
  });
  expect(states).toHaveLength(1);
  expect(tf.memory().numTensors).toBe(before);
});
