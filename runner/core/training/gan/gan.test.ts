import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { startBackend } from '../../../backends/index.ts';
import { exampleRandom } from '../../random.ts';
import { toTensors } from '../batches.ts';
import { initialWeights } from '../initial-weights.ts';
import type { GanState } from './epoch.ts';
import { discriminator, generator } from './nets.ts';
import { ganOptionsSchema } from './options.ts';
import { decodeGanState, encodeGanState } from './state.ts';
import { type GanInput, SAMPLES, trainGan } from './train.ts';

beforeAll(async () => {
  await startBackend('wasm');
});

const shape = [4, 4, 1] as const;
const count = 96;
/** Images whose left half is bright and whose right half is dark, with a little noise. */
const noise = exampleRandom(1, 'images').uniform([0], 0, count * 16);
const data = {
  x: Float32Array.from({ length: count * 16 }, (_, i) => (i % 4 < 2 ? 0.8 : 0.1) + 0.1 * (noise[i] as number)),
  y: new Int32Array(count),
  count,
};
const input = (settings: object, change: Partial<GanInput> = {}): GanInput => ({
  data,
  shape,
  options: ganOptionsSchema.parse({ batchSize: 32, ...settings }),
  seed: 5,
  ...change,
});

test('learns images of one kind: the samples become like them', async () => {
  const all: Float32Array[] = [];
  const { history } = await trainGan(
    input({ epochs: 40, learningRate: 0.005, averageDecay: 0.9 }, { onEpoch: (_, samples) => void all.push(samples) }),
  );
  const [first, last] = [all[0] as Float32Array, all.at(-1) as Float32Array];
  expect(last).toHaveLength(SAMPLES * 16);
  const wanted = (i: number) => (i % 4 < 2 ? 0.85 : 0.15);
  const distance = (samples: Float32Array) =>
    samples.reduce((sum, value, i) => sum + Math.abs(value - wanted(i)), 0) / samples.length;
  expect(distance(last)).toBeLessThan(distance(first) / 2);
  expect(distance(last)).toBeLessThan(0.12);
  // Three steps an epoch are one point of the history.
  expect(history).toHaveLength(40);
  expect(history.at(-1)?.epoch).toBe(40);
  for (const { accuracyReal, accuracyMade } of history) {
    expect(Math.min(accuracyReal, accuracyMade)).toBeGreaterThanOrEqual(0);
    expect(Math.max(accuracyReal, accuracyMade)).toBeLessThanOrEqual(1);
  }
});

test('the same seed gives the same nets, and so does a run that was resumed', async () => {
  const nets = { generator: generator(shape), discriminator: discriminator(shape) };
  const files: Uint8Array[] = [];
  const before = tf.memory().numTensors;
  const onEpoch = (state: GanState) => void files.push(encodeGanState(nets, state, 'run'));
  const whole = await trainGan(input({ epochs: 3 }, { onEpoch }));
  expect(tf.memory().numTensors).toBe(before);
  expect(await trainGan(input({ epochs: 3 }))).toEqual(whole);
  const state = decodeGanState(nets, files[1] as Uint8Array, 'run', 'file');
  expect(await trainGan(input({ epochs: 3 }, { state }))).toEqual(whole);
  expect(await trainGan(input({ epochs: 3 }, { seed: 6 }))).not.toEqual(whole);
});

async function statesOf(epochs: number): Promise<GanState[]> {
  const states: GanState[] = [];
  await trainGan(input({ epochs }, { onEpoch: (state) => void states.push(state) }));
  return states;
}

test('the penalty is the mean square of the slopes at real images, and its gradient follows it', async () => {
  // One step on 32 images, from the initial nets: the history has the penalty before the step.
  const part = { x: data.x.slice(0, 32 * 16), y: new Int32Array(32), count: 32 };
  const { history } = await trainGan(input({ epochs: 1 }, { data: part }));
  const judge = discriminator(shape);
  const weights = initialWeights(judge, 5);
  const slopes = tf.tidy(() => {
    const tensors = toTensors(judge.parameters, weights);
    const named = Object.fromEntries(judge.parameters.map(({ name }, i) => [name, tensors[i] as tf.Tensor]));
    const x = tf.tensor4d(part.x, [32, ...shape]);
    return tf
      .grad((images: tf.Tensor) => tf.sum(judge.forward(named, images as tf.Tensor4D)))(x)
      .dataSync<'float32'>();
  });
  const wanted = slopes.reduce((sum, slope) => sum + slope ** 2, 0) / 32;
  expect(history[0]?.penalty).toBeCloseTo(wanted, 5);
  // With a heavy penalty slopes shrink.
  const flat = await trainGan(input({ epochs: 15, penaltyWeight: 100 }));
  const steep = await trainGan(input({ epochs: 15, penaltyWeight: 0 }));
  expect(flat.history.at(-1)?.penalty).toBeLessThan(0.2 * (steep.history.at(-1)?.penalty as number));
});

test('a loss that is not finite ends the run at its step', async () => {
  const broken = { ...data, x: data.x.map(() => Number.NaN) };
  await expect(trainGan(input({}, { data: broken }))).rejects.toMatchObject({
    kind: 'misbehaved',
    message: 'gan: a loss is not finite at step 1 of 3 in epoch 1',
    hint: expect.stringMatching(/^try another --seed, with --no-resume or another --out;/),
  });
});

test('so do weights that are not finite, though the losses before them were', async () => {
  const [first] = await statesOf(1);
  const { generator: made } = first as GanState;
  const velocity = { ...made.slots.velocity, 'up2.bias': Float32Array.of(Number.POSITIVE_INFINITY) };
  const state = { ...(first as GanState), generator: { ...made, slots: { ...made.slots, velocity } } };
  const stored: GanState[] = [];
  const part = { x: data.x.slice(0, 32 * 16), y: new Int32Array(32), count: 32 };
  const onEpoch = (next: GanState) => void stored.push(next);
  await expect(trainGan(input({ epochs: 2 }, { data: part, state, onEpoch }))).rejects.toThrow(
    "gan: 'up2.bias' holds -Infinity in the generator after epoch 2",
  );
  expect(stored).toEqual([]);
});
