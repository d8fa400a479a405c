import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { startBackend } from '../../backends/index.ts';
import { type Architecture, batchStatistic } from '../models/architecture.ts';
import { architectures, findArchitecture } from '../models/index.ts';
import { exampleRandom } from '../random.ts';
import { adversarial } from './adversarial.ts';
import { type Adversary, adversarialImages } from './adversary.ts';
import { distillation } from './distillation.ts';
import { findTrainingMethod, trainingMethods } from './index.ts';
import { initialWeights } from './initial-weights.ts';
import { standard } from './standard.ts';
import { decodeState, encodeState, type TrainingState, type Weights } from './state.ts';
import { type TrainingInput, train } from './train.ts';

beforeAll(async () => {
  await startBackend('wasm');
});

/** One hidden layer on four pixels: small enough that a run takes milliseconds. */
const tiny: Architecture = {
  id: 'tiny',
  name: 'Tiny',
  paper: 'https://example.org',
  inputShape: [2, 2, 1],
  classes: 2,
  parameters: [
    { name: 'hidden', shape: [4, 8], fan: { in: 4, out: 8 } },
    { name: 'output', shape: [8, 2], fan: { in: 8, out: 2 } },
    { name: 'bias', shape: [2], fan: null },
  ],
  forward(weights, x, dropout) {
    let units = tf.relu(tf.matMul(tf.reshape(x, [x.shape[0], 4]), weights.hidden as tf.Tensor2D)) as tf.Tensor2D;
    if (dropout) units = dropout(units, 0);
    return tf.add(tf.matMul(units, weights.output as tf.Tensor2D), weights.bias as tf.Tensor1D);
  },
};

/** Class 1 when the first pixel is brighter than the second: linearly separable. */
const count = 200;
const x = exampleRandom(1, 'data').uniform(
  Array.from({ length: count }, (_, i) => i),
  0,
  4,
);
const y = Int32Array.from({ length: count }, (_, i) => ((x[4 * i] as number) > (x[4 * i + 1] as number) ? 1 : 0));

const input = (change: Partial<TrainingInput> & { settings?: object } = {}): TrainingInput => {
  const method = change.method ?? standard;
  const settings = { epochs: 3, batchSize: 32, ...change.settings };
  return {
    architecture: tiny,
    method,
    options: method.optionsSchema.parse(settings) as TrainingInput['options'],
    data: { x, y, count },
    seed: 7,
    ...change,
  };
};

const accuracy = (weights: Weights) =>
  tf.tidy(() => {
    const tensors = Object.fromEntries(
      tiny.parameters.map(({ name, shape }) => [name, tf.tensor(weights[name] as Float32Array, [...shape])]),
    );
    const classes = tf.argMax(tiny.forward(tensors, tf.tensor4d(x, [count, 2, 2, 1])), 1).dataSync();
    return classes.filter((predicted, i) => predicted === y[i]).length / count;
  });

describe('training', () => {
  test.each([
    ['standard', standard, {}],
    ['distillation', distillation, { temperature: 5 }],
    ['adversarial', adversarial, { epsilon: 0.02, learningRate: 0.1 }],
  ])('%s learns a separable problem', async (_, method, settings) => {
    const weights = await train(
      input({ method: method as TrainingInput['method'], settings: { epochs: 40, ...settings } }),
    );
    expect(accuracy(weights)).toBeGreaterThan(0.95);
  });

  test('the same seed gives the same weights to the bit, another seed others', async () => {
    const first = await train(input());
    expect(await train(input())).toEqual(first);
    expect(await train(input({ seed: 8 }))).not.toEqual(first);
  });

  test('resumed from any stored epoch, it ends in the weights of an uninterrupted run', async () => {
    const method = distillation as unknown as TrainingInput['method'];
    const settings = { epochs: 2, temperature: 4 };
    const files: Uint8Array[] = [];
    const whole = await train(
      input({ method, settings, onEpoch: (_, state) => void files.push(encodeState(tiny, state, 'recipe')) }),
    );
    expect(files).toHaveLength(5);
    for (const file of files) {
      const state = decodeState(tiny, file, 'recipe', 'file');
      expect(await train(input({ method, settings, state }))).toEqual(whole);
    }
  });

  test('halves of the training set: what the other half holds does not matter', async () => {
    const spoilt = (from: number, to: number) => x.map((value, i) => (i >= 4 * from && i < 4 * to ? 1 - value : value));
    const half = count / 2;
    for (const [subset, other] of [
      ['first-half', spoilt(half, count)],
      ['second-half', spoilt(0, half)],
    ] as const) {
      const weights = await train(input({ settings: { subset } }));
      expect(await train(input({ settings: { subset }, data: { x: other, y, count } }))).toEqual(weights);
      expect(await train(input())).not.toEqual(weights);
    }
  });

  test('from a state at the end nothing is trained', async () => {
    const states: TrainingState[] = [];
    const settings = { epochs: 3, averageDecay: 0.9, validation: 40, patience: 1 };
    const weights = await train(input({ settings, onEpoch: (_, state) => void states.push(state) }));
    const never = () => {
      throw new Error('a step was taken');
    };
    expect(await train(input({ settings, state: states.at(-1) as TrainingState, onStep: never }))).toEqual(weights);
  });

  test('the student learns the teacher’s probabilities, at the temperature of both, and starts where the teacher started', () => {
    const options = distillation.optionsSchema.parse({ temperature: 40 });
    const [warmup, teacher, student] = distillation.phases(options);
    expect(warmup).toMatchObject({ temperature: 1, epochs: 1, start: 'random' });
    expect(teacher).toMatchObject({ temperature: 40, epochs: 50, start: { phase: 'warmup' }, labels: 'classes' });
    expect(student).toMatchObject({
      temperature: 40,
      start: { phase: 'warmup' },
      labels: { phase: 'teacher', temperature: 40 },
    });
  });

  test('one step is the gradient step computed by hand', async () => {
    // One image, no hidden unit dropped: output bias moves by λ · (onehot − softmax) and momentum starts at 0.
    const data = { x: Float32Array.of(0, 0, 0, 0), y: Int32Array.of(1), count: 1 };
    const weights = await train(input({ data, settings: { epochs: 1, dropout: 0, learningRate: 0.25 } }));
    expect([...(weights.bias as Float32Array)]).toEqual([-0.125, 0.125]);
  });

  test('momentum adds a share of the last step, and decay scales both rates', async () => {
    const data = { x: Float32Array.of(0, 0, 0, 0), y: Int32Array.of(1), count: 1 };
    const settings = { epochs: 2, dropout: 0, learningRate: 0.25, momentum: 0.5, decay: 0.5, decayDelay: 1 };
    const weights = await train(input({ data, settings }));
    // Second epoch: softmax([-0.125, 0.125]) = [0.4378, 0.5622]; step 0.125 · 0.4378 and momentum 0.25 · 0.125.
    const expected = 0.125 + 0.25 * 0.125 + 0.125 * (1 / (1 + Math.exp(0.25)));
    expect((weights.bias as Float32Array)[1]).toBeCloseTo(expected, 6);
  });

  test('a loss that is no longer finite stops the run with the way out', async () => {
    await expect(
      train(
        input({
          settings: { epochs: 200, learningRate: 10, dropout: 0, momentum: 0.999 },
          data: { x: x.map((v) => v * 1e18), y, count },
        }),
      ),
    ).rejects.toThrow(/training: the loss is (NaN|Infinity|-Infinity)/);
  });

  test('an aborted run throws the reason and leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    const controller = new AbortController();
    const onStep = () => controller.abort(new Error('stopped by hand'));
    await expect(train(input({ signal: controller.signal, onStep }))).rejects.toThrow('stopped by hand');
    expect(tf.memory().numTensors).toBe(before);
  });

  test('the share that is done rises evenly to 1 over all phases', async () => {
    const shares: number[] = [];
    const onStep = (_phase: string, _epoch: number, _done: number, share: number) => shares.push(share);
    await train(input({ method: distillation, settings: { epochs: 2 }, onStep }));
    expect(shares).toEqual(shares.map((_, i) => expect.closeTo((i + 1) / shares.length, 12)));
    expect(shares.at(-1)).toBe(1);
  });

  test('initial weights keep to the Glorot limit and fill it; biases are 0', () => {
    const weights = initialWeights(tiny, 3);
    const limit = Math.sqrt(6 / 12);
    const hidden = weights.hidden as Float32Array;
    expect(Math.max(...hidden.map(Math.abs))).toBeLessThanOrEqual(limit);
    expect(Math.max(...hidden.map(Math.abs))).toBeGreaterThan(limit * 0.8);
    expect([...(weights.bias as Float32Array)]).toEqual([0, 0]);
  });

  test('methods are found by id, and a wrong option is refused by name', () => {
    for (const { id } of trainingMethods) expect(findTrainingMethod(id).id).toBe(id);
    expect(() => findTrainingMethod('magic')).toThrow("recipe.method: there is no 'magic'");
    expect(distillation.optionsSchema.safeParse({ temprature: 3 }).error?.message).toContain('temprature');
  });
});

describe('architectures of the zoo', () => {
  const inputOf = (architecture: Architecture) => {
    const size = architecture.inputShape.reduce((product, side) => product * side, 1);
    const pixels = exampleRandom(2, 'pixels').uniform([0, 1], 0, size);
    return input({
      architecture,
      data: { x: pixels, y: Int32Array.of(3, 7), count: 2 },
      settings: { epochs: 1, dropout: 0, learningRate: 0.01 },
    });
  };

  test.each(architectures.filter((one) => batchStatistic(one) === null).map((one) => [one.id, one] as const))(
    'a step moves every parameter of %s',
    async (_, architecture) => {
      const weights = await train(inputOf(architecture));
      const before = initialWeights(architecture, 7);
      const still = architecture.parameters.filter(
        ({ name }) => distance({ [name]: weights[name] as Float32Array }, before) === 0,
      );
      expect(still.map(({ name }) => name)).toEqual([]);
    },
  );

  test('one with batch normalisation is refused, by the name of what it measures', async () => {
    await expect(train(inputOf(findArchitecture('resnet-18-cifar10')))).rejects.toThrow(
      "recipe: resnet-18-cifar10 keeps statistics of its training batches ('bn1.running_mean'), which recipes do not measure",
    );
  });
});

describe('the adversary', () => {
  /** Two classes, z = ±w·x: the worst image of the L∞ ball is known. */
  const w = Float32Array.of(1, -2, 0.5, -0.25);
  const linear: Architecture = {
    ...tiny,
    forward: (_, images) => {
      const score = tf.matMul(tf.reshape(images, [images.shape[0], 4]), tf.tensor2d(w, [4, 1]));
      return tf.concat([score, tf.neg(score)], 1) as tf.Tensor2D;
    },
  };
  const settings: Adversary = { norm: 'Linf', epsilon: 0.1, steps: 10, relativeStepSize: 0.25, warmupEpochs: 4 };
  const images = x.slice(0, 4 * 20);

  function attacked(adversary: Adversary, time: number): Float32Array {
    return tf.tidy(() => {
      const clean = tf.tensor4d(images, [20, 2, 2, 1]);
      const labels = tf.tensor2d(
        Float32Array.from({ length: 40 }, (_, i) => (i + 1) % 2),
        [20, 2],
      );
      const input = { architecture: linear, weights: {}, adversary, time, x: clean, labels };
      return adversarialImages({ ...input, seed: 3, stream: 'net', step: 1 }).dataSync<'float32'>();
    });
  }

  test.each([
    [9, 0.1],
    [2, 0.05],
  ])('at epoch %d of a warm-up of 4 goes to the edge of a ball of %d that the closed form names', (time, epsilon) => {
    for (const [i, value] of attacked(settings, time).entries()) {
      const edge = (images[i] as number) - epsilon * Math.sign(w[i % 4] as number);
      expect(value).toBeCloseTo(Math.min(1, Math.max(0, edge)), 6);
    }
  });

  test('in L2 keeps to the ball and moves against the weights', () => {
    const moved = attacked({ ...settings, norm: 'L2' }, 9);
    for (let row = 0; row < 20; row++) {
      const change = Array.from(w, (_, i) => (moved[4 * row + i] as number) - (images[4 * row + i] as number));
      expect(Math.hypot(...change)).toBeLessThanOrEqual(0.1 * (1 + 1e-5));
      expect(change.reduce((sum, value, i) => sum + value * (w[i] as number), 0)).toBeLessThan(0);
    }
  });

  test('at the start of the warm-up leaves the images as they are', () => {
    expect(attacked(settings, 0)).toEqual(images);
  });
});

test('the learning rate falls to 0 in a straight line over the last epochs', async () => {
  const settings = { epochs: 4, annealEpochs: 4, momentum: 0, epsilon: 1e-9, warmupEpochs: 0 };
  const states: TrainingState[] = [];
  const annealed = input({ method: adversarial as TrainingInput['method'], settings });
  await train({ ...annealed, onEpoch: (_, state) => void states.push(state) });
  const moves = states.map(({ weights }, i) => distance(weights, states[i - 1]?.weights ?? initialWeights(tiny, 7)));
  // Near a fixed gradient an epoch's move goes as the mean rate: 7/8, 5/8, 3/8, 1/8 of the first.
  expect((moves[3] as number) / (moves[0] as number)).toBeCloseTo(1 / 7, 1);
});

function distance(a: Weights, b: Weights): number {
  let sum = 0;
  for (const [name, values] of Object.entries(a)) {
    for (const [i, value] of values.entries()) sum += (value - ((b[name] as Float32Array)[i] as number)) ** 2;
  }
  return Math.sqrt(sum);
}
