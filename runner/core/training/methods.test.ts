/** What holds for every method, and each one's loss where it is known in closed form. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { startBackend } from '../../backends/index.ts';
import type { Architecture } from '../models/architecture.ts';
import { findArchitecture } from '../models/index.ts';
import { linearNet, separable, tinyNet } from '../testing/separable.ts';
import { findTrainingMethod, trainingMethods } from './index.ts';
import { noiseFor } from './noise.ts';
import { namedParameters, type Step, type StepResult } from './objective.ts';
import { decodeState, encodeState, type Weights } from './state.ts';
import { type TrainingInput, train } from './train.ts';

beforeAll(async () => {
  await startBackend('wasm');
});

const data = separable(160);

function input(id: string, settings: object, change: Partial<TrainingInput> = {}): TrainingInput {
  const method = findTrainingMethod(id);
  const known = (method.optionsSchema as unknown as { shape: object }).shape;
  const wanted = { batchSize: 32, dropout: 0, epsilon: 0.02, attackSteps: 2, scale: 0.05, temperature: 5, ...settings };
  const options = Object.fromEntries(Object.entries(wanted).filter(([name]) => name in known));
  return {
    architecture: tinyNet,
    method,
    options: method.optionsSchema.parse(options) as TrainingInput['options'],
    data,
    seed: 7,
    ...change,
  };
}

function accuracy(weights: Weights): number {
  return tf.tidy(() => {
    const parameters = tinyNet.parameters.map(({ name, shape }) =>
      tf.tensor(weights[name] as Float32Array, [...shape]),
    );
    const x = tf.tensor4d(data.x, [data.count, 2, 2, 1]);
    const classes = tf.argMax(tinyNet.forward(namedParameters(tinyNet, parameters), x), 1).dataSync();
    return classes.filter((predicted, i) => predicted === data.y[i]).length / data.count;
  });
}

describe.each(trainingMethods.map(({ id }) => [id] as const))('%s', (id) => {
  test('learns a separable problem', async () => {
    const settings = { epochs: 30, learningRate: id.endsWith('ibp') ? 0.02 : 0.1, warmupEpochs: 2, rampEpochs: 5 };
    expect(accuracy(await train(input(id, settings)))).toBeGreaterThan(0.95);
  });

  test('the same seed gives the same weights, and so does a run that was resumed', async () => {
    const settings = { epochs: 3, warmupEpochs: 1, rampEpochs: 1, averageDecay: 0.9, validation: 32, patience: 2 };
    const files: Uint8Array[] = [];
    const onEpoch: TrainingInput['onEpoch'] = (_, state) => void files.push(encodeState(tinyNet, state, 'recipe'));
    const whole = await train(input(id, settings, { onEpoch }));
    expect(await train(input(id, settings))).toEqual(whole);
    const state = decodeState(tinyNet, files[1] as Uint8Array, 'recipe', 'file');
    expect(await train(input(id, settings, { state }))).toEqual(whole);
  });

  test('leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    await train(input(id, { epochs: 1 }));
    expect(tf.memory().numTensors).toBe(before);
  });
});

/** Difference of the two scores' weights: the margin of class 1 is d · x. */
const d = [1, -2, 0.5, 0.25];
const W = Float32Array.from(d.flatMap((value) => [-0.5 * value, 0.5 * value]));
/** Two images; the second of class 0. */
const X = [
  [0.5, 0.5, 0.5, 0.5],
  [0.3, 0.6, 0.45, 0.7],
];
const sides = [1, -1];
const margin = (x: readonly number[], row: number) =>
  (sides[row] as number) * x.reduce((sum, value, i) => sum + value * (d[i] as number), 0);
const crossEntropyOf = (images: readonly number[][]) =>
  images.reduce((sum, x, row) => sum + Math.log1p(Math.exp(-margin(x, row))), 0) / images.length;
/** The images of an L∞ ball with the smallest margins. */
const worst = (epsilon: number) =>
  X.map((x, row) => x.map((value, i) => value - epsilon * Math.sign(d[i] as number) * (sides[row] as number)));

function objective(
  id: string,
  settings: object,
  use: (result: StepResult) => void,
  {
    carried,
    images = X,
    time = 99,
  }: { carried?: readonly number[][]; images?: readonly number[][]; time?: number } = {},
): void {
  const method = findTrainingMethod(id);
  const [phase] = method.phases(method.optionsSchema.parse(settings));
  tf.tidy(() => {
    const parameters = [tf.tensor(W, [4, 2]), tf.tensor1d([0, 0])];
    const step: Step = {
      architecture: linearNet,
      parameters,
      weights: namedParameters(linearNet, parameters),
      x: tf.tensor4d(images.flat(), [2, 2, 2, 1]),
      labels: tf.tensor2d([0, 1, 1, 0], [2, 2]),
      time,
      seed: 1,
      stream: 'net',
      step: 0,
      carried: carried && tf.tensor4d(carried.flat(), [2, 2, 2, 1]),
    };
    if (phase?.objective === undefined) throw new Error(`${id} has no objective`);
    use(phase.objective(step));
  });
}

function loss(...args: [string, object, Parameters<typeof objective>[3]?]): number {
  let value = Number.NaN;
  objective(
    args[0],
    args[1],
    (result) => {
      value = result.loss.dataSync()[0] as number;
    },
    args[2],
  );
  return value;
}

describe('losses of a linear net, in closed form', () => {
  test('fgsm: α of the images and 1 − α of the worst', () => {
    const wanted = 0.3 * crossEntropyOf(X) + 0.7 * crossEntropyOf(worst(0.1));
    expect(loss('fgsm', { epsilon: 0.1, cleanWeight: 0.3 })).toBeCloseTo(wanted, 6);
  });

  test('adversarial: the worst images, and the gradient of their loss', () => {
    objective('adversarial', { epsilon: 0.1 }, ({ loss: value, gradients }) => {
      expect(value.dataSync()[0]).toBeCloseTo(crossEntropyOf(worst(0.1)), 6);
      // By hand: ∂J/∂W[i, 1] is the mean of −side · x_i / (1 + e^margin).
      const slopes = worst(0.1).map((x, row) => -(sides[row] as number) / (1 + Math.exp(margin(x, row))));
      const [byHand = Number.NaN] = d.map((_, i) =>
        worst(0.1).reduce((sum, x, row) => sum + ((slopes[row] as number) * (x[i] as number)) / 2, 0),
      );
      const values = gradients[0]?.dataSync() as Float32Array;
      expect(values[1]).toBeCloseTo(byHand, 6);
      expect(values[0]).toBeCloseTo(-byHand, 6);
    });
  });

  test('fast: in the ball, and past a quarter of it towards the worst images', () => {
    const value = loss('fast', { epsilon: 0.1 });
    expect(value).toBeLessThan(crossEntropyOf(worst(0.1)));
    expect(value).toBeGreaterThan(crossEntropyOf(worst(0.025)));
  });

  test('free: learns the change that came, and leaves the one that is uphill', () => {
    objective('free', { epsilon: 0.1 }, ({ loss: value, carried }) => {
      expect(value.dataSync()[0]).toBeCloseTo(crossEntropyOf(X), 6);
      const change = carried?.dataSync() as Float32Array;
      for (const [i, at] of worst(0.1).flat().entries()) {
        expect(change[i]).toBeCloseTo(at - (X.flat()[i] as number), 6);
      }
    });
    const carried = worst(0.1).map((x, row) => x.map((value, i) => value - ((X[row] as number[])[i] as number)));
    expect(loss('free', { epsilon: 0.1 }, { carried })).toBeCloseTo(crossEntropyOf(worst(0.1)), 6);
  });

  test('trades: the loss of the images and β times the divergence', () => {
    // At the end of the pixel range where only one way is open: the margin of class 1 can but grow.
    const images = [d.map((value) => (value > 0 ? 0 : 1)), d.map((value) => (value > 0 ? 0 : 1))];
    const moved = images.map((x) => x.map((value, i) => value + 0.1 * Math.sign(d[i] as number)));
    const kl = images.map((x, row) => {
      const [p, q] = [x, moved[row] as number[]].map((at) => 1 / (1 + Math.exp(-margin(at, 0))));
      const [a, b] = [p as number, q as number];
      return a * Math.log(a / b) + (1 - a) * Math.log((1 - a) / (1 - b));
    });
    const wanted = crossEntropyOf(images) + 3 * (((kl[0] as number) + (kl[1] as number)) / 2);
    expect(loss('trades', { epsilon: 0.1, robustWeight: 3 }, { images })).toBeCloseTo(wanted, 5);
  });

  test('logit pairing: both losses, and λ times the mean square between the logits', () => {
    // A margin moves by 0.1 · ‖d‖₁ and each of the two logits by half of it.
    const moved = (0.1 * d.reduce((sum, value) => sum + Math.abs(value), 0)) / 2;
    const wanted = (crossEntropyOf(X) + crossEntropyOf(worst(0.1))) / 2 + 5 * moved ** 2;
    expect(loss('logit-pairing', { epsilon: 0.1, pairingWeight: 5 })).toBeCloseTo(wanted, 5);
    const apart = (margin(X[0] as number[], 0) - margin(X[1] as number[], 0)) / 2;
    const clean = loss('logit-pairing', { pairing: 'clean', deviation: 0, pairingWeight: 5 });
    expect(clean).toBeCloseTo(crossEntropyOf(X) + 5 * apart ** 2, 5);
  });

  test('label smoothing: a share of the other class’s loss', () => {
    const meanMargin = (margin(X[0] as number[], 0) + margin(X[1] as number[], 1)) / 2;
    // J of the other class is J + margin; it has half of the smoothing.
    expect(loss('label-smoothing', { smoothing: 0.2 })).toBeCloseTo(crossEntropyOf(X) + 0.1 * meanMargin, 6);
  });

  test('jacobian: the squares of the weights, without bias', () => {
    const squares = W.reduce((sum, value) => sum + value ** 2, 0);
    const wanted = crossEntropyOf(X) + (0.4 / 2) * squares;
    // Here C · ‖W v‖² is between 0 and 2 ‖W‖² for each of 200 random v: the mean of all is near ‖W‖².
    expect(Math.abs(loss('jacobian', { jacobianWeight: 0.4, projections: 100 }) - wanted)).toBeLessThan(0.1 * squares);
    objective('jacobian', { jacobianWeight: 0.4 }, ({ loss: value, gradients }) => {
      // A square is homogeneous of degree 2: W · ∂P/∂W = 2 P.
      const penalty = (value.dataSync()[0] as number) - crossEntropyOf(X);
      const along = (gradients[0] as tf.Tensor)
        .dataSync<'float32'>()
        .reduce((sum, g, i) => sum + g * (W[i] as number), 0);
      const ofLoss = X.reduce((sum, x, row) => sum - margin(x, row) / (1 + Math.exp(margin(x, row))), 0) / 2;
      expect(along - ofLoss).toBeCloseTo(2 * penalty, 4);
    });
  });

  test.each(['ibp', 'crown-ibp'])('%s: exact for a linear net; before the ramp the images alone', (id) => {
    const settings = { epsilon: 0.1, warmupEpochs: 2, rampEpochs: 4, cleanWeight: 0.25 };
    expect(loss(id, settings)).toBeCloseTo(0.25 * crossEntropyOf(X) + 0.75 * crossEntropyOf(worst(0.1)), 6);
    expect(loss(id, settings, { time: 1 })).toBeCloseTo(crossEntropyOf(X), 6);
    // Half of the ramp: half of ε, and κ = 1 − 0.75 / 2.
    const half = 0.625 * crossEntropyOf(X) + 0.375 * crossEntropyOf(worst(0.05));
    expect(loss(id, settings, { time: 4 })).toBeCloseTo(half, 6);
  });

  test('noise: what it says of each pixel', () => {
    const step = { x: tf.zeros([10, 30, 30, 1]), seed: 2, stream: 'net', step: 3 } as unknown as Step;
    const draws = (kind: 'uniform' | 'signs' | 'gaussian') => [...noiseFor(step, kind).dataSync()];
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const moments = (values: number[]) => [mean(values), mean(values.map((value) => value ** 2))];
    // 9,000 draws: four standard deviations of the mean are at most 0.042.
    for (const [kind, square] of [
      ['uniform', 1 / 3],
      ['signs', 1],
      ['gaussian', 1],
    ] as const) {
      const [first, second] = moments(draws(kind)) as [number, number];
      expect(Math.abs(first)).toBeLessThan(0.042);
      expect(Math.abs(second - square)).toBeLessThan(0.06);
    }
    expect(new Set(draws('signs'))).toEqual(new Set([-1, 1]));
    expect(Math.max(...draws('uniform').map(Math.abs))).toBeLessThanOrEqual(1);
  });
});

test.each([
  ['ibp', 'maxout-mnist', 'cannot be bounded'],
  ['crown-ibp', 'papernot-mnist', 'has max-pooling'],
])('%s refuses %s before it starts', async (id, architecture, message) => {
  const wanted: Architecture = findArchitecture(architecture);
  await expect(train(input(id, {}, { architecture: wanted }))).rejects.toThrow(
    `model.architecture: ${architecture} ${message}`,
  );
});
