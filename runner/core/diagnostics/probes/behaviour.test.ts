/** Models that behave one way here and another there, each seen by its probe and flagged by its sign, and by no other. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Classifier } from '../../models/classifier.ts';
import { exampleRandom } from '../../random.ts';
import { randomLinear } from '../../testing/classifiers.ts';
import { randomImages } from '../../testing/images.ts';
import { moved } from '../moved.ts';
import { batchComposition } from './batch-composition.ts';
import { callOrder } from './call-order.ts';
import { clock } from './clock.ts';
import { behaviour } from './index.ts';
import type { ProbeContext, Reading } from './probe.ts';
import { smallChanges } from './small-changes.ts';
import { state } from './state.ts';
import { tape } from './tape.ts';

beforeAll(() => tf.setBackend('cpu'));

const COUNT = 12;
const model = randomLinear(4, 5);
const { x, examples } = randomImages(COUNT, model.inputShape, 9);

const measure = (probe: { measure(context: ProbeContext): Promise<Reading | null> }, classifier: Classifier) =>
  probe.measure({
    classifier,
    x,
    y: new Int32Array(COUNT),
    examples,
    standing: new Uint8Array(COUNT),
    norm: 'Linf',
    epsilon: 0.1,
    seed: 3,
    line: null,
  }) as Promise<Reading>;

/** The model, with something added to the first logit: the same for the batch, or one for each row. */
const shifted = (by: (x: tf.Tensor4D) => tf.Tensor | number): Classifier => ({
  ...model,
  logits: (images) =>
    tf.tidy(() => tf.add(model.logits(images), tf.mul(by(images), tf.tensor2d([[1, 0, 0, 0]]))) as tf.Tensor2D),
});

/** Makes a model anew, since most of these remember. */
const models: Readonly<Record<string, () => Classifier>> = {
  sound: () => model,
  // The mean brightness of the batch, as batch normalisation in training mode would see it.
  batch: () => shifted((images) => images.mean()),
  first: () => shifted((images) => tf.tensor2d([[1], ...Array.from({ length: images.shape[0] - 1 }, () => [0])])),
  counting() {
    let calls = 0;
    return shifted(() => (++calls > 10 ? 1 : 0));
  },
  learning() {
    let drift = 0;
    return shifted(() => {
      drift += 1e-2;
      return drift;
    });
  },
  remembering() {
    let last = 0;
    return shifted((images) => {
      const before = last;
      last = images.mean().dataSync()[0] as number;
      return before;
    });
  },
  watching: () =>
    shifted(() => ((tf.engine() as unknown as { state: { gradientDepth: number } }).state.gradientDepth > 0 ? 1 : 0)),
};

describe('a probe of behaviour', () => {
  it.each(behaviour.map((probe) => [probe.id, probe] as const))(
    '%s finds nothing in a sound model',
    async (_id, probe) => {
      const { logitDifference = 1, repeatDifference = 1 } = await measure(probe, model);
      expect(logitDifference).toBeLessThan(1e-6);
      expect(repeatDifference).toBe(0);
    },
  );

  it.each([
    ['batch', batchComposition],
    ['first', batchComposition],
    ['counting', state],
    ['remembering', callOrder],
    ['watching', tape],
  ])('finds what the model called %s does', async (name, probe) => {
    const reading = await measure(probe, (models[name] as () => Classifier)());
    expect(moved(reading, 1e-3)).toBeGreaterThan(1e-3);
  });

  it('finds a model that learns, though it is never the same', async () => {
    expect(moved(await measure(state, (models.learning as () => Classifier)()), 1e-4)).not.toBeNull();
  });

  it('finds a model that waits for a date, and puts the clock back', async () => {
    const year = new Date().getFullYear();
    const original = Date;
    const classifier = shifted(
      () => (new Date().getFullYear() > year ? 1 : 0) + (Date.now() > original.now() + 1e9 ? 1 : 0),
    );
    expect(moved(await measure(clock, classifier), 1e-3)).toBeGreaterThan(1e-3);
    expect(Date).toBe(original);
    expect(new Date(2020, 1, 3).getDate()).toBe(3);
    const failing = {
      ...model,
      logits: () => {
        throw new Error('no logits');
      },
    };
    await expect(measure(clock, failing)).rejects.toThrow('no logits');
    expect(Date).toBe(original);
  });

  it('does not take chance for any of it', async () => {
    let draw = 0;
    const random = exampleRandom(1, 'chance');
    const noisy = () =>
      shifted((images) => tf.tensor2d(random.normal([0], draw++, images.shape[0]), [images.shape[0], 1]).mul(0.3));
    for (const probe of behaviour)
      expect([probe.id, moved(await measure(probe, noisy()), 1e-4)]).toEqual([probe.id, null]);
  });
});

describe('small changes', () => {
  const shape = [16, 16, 1] as const;
  const size = 256;
  const images = randomImages(6, shape, 4);
  const measured = (logits: Classifier['logits'], labels: Int32Array) =>
    smallChanges.measure({
      classifier: { inputShape: shape, classes: 2, logits, dispose() {} },
      x: images.x,
      y: labels,
      examples: images.examples,
      standing: new Uint8Array(6),
      norm: 'Linf',
      epsilon: 0.1,
      seed: 3,
      line: null,
    });
  const zeros = new Int32Array(6);

  it('leave a model alone that looks at what the images show', async () => {
    const always0 = (x: tf.Tensor4D) => tf.tidy(() => tf.tile(tf.tensor2d([[1, 0]]), [x.shape[0], 1]) as tf.Tensor2D);
    expect(await measured(always0, zeros)).toEqual({ examples: 6, movedWrong: 0, noisyWrong: 0 });
  });

  it('find one that knows the images by their bytes', async () => {
    const known = new Set(Array.from({ length: 6 }, (_, i) => images.x.slice(i * size, (i + 1) * size).join()));
    const lookUp = (x: tf.Tensor4D) => {
      const values = x.dataSync<'float32'>();
      const rows = Array.from({ length: x.shape[0] }, (_, i) => values.slice(i * size, (i + 1) * size).join());
      return tf.tensor2d(rows.map((row) => (known.has(row) ? [1, 0] : [0, 1])));
    };
    expect(await measured(lookUp, zeros)).toEqual({ examples: 6, movedWrong: 1, noisyWrong: 1 });
  });

  it('move by one pixel to each side, and leave the rest as it is', async () => {
    const seen: Float32Array[] = [];
    const watch = (x: tf.Tensor4D) => {
      seen.push(x.dataSync<'float32'>().slice());
      return tf.tidy(() => tf.tile(tf.tensor2d([[1, 0]]), [x.shape[0], 1]) as tf.Tensor2D);
    };
    await measured(watch, zeros);
    const at = (image: Float32Array, row: number, column: number) => image[row * 16 + column];
    const [down, up, right, left] = seen as [Float32Array, Float32Array, Float32Array, Float32Array];
    expect(at(down, 5, 7)).toBe(at(images.x, 4, 7));
    expect(at(up, 5, 7)).toBe(at(images.x, 6, 7));
    expect(at(right, 5, 7)).toBe(at(images.x, 5, 6));
    expect(at(left, 5, 7)).toBe(at(images.x, 5, 8));
    expect(at(down, 0, 7)).toBe(at(images.x, 0, 7));
    expect(at(left, 5, 15)).toBe(at(images.x, 5, 15));
    for (const noisy of seen.slice(4))
      expect(Math.max(...noisy.map((value, i) => Math.abs(value - (images.x[i] as number))))).toBeLessThan(2.01 / 255);
    expect(seen).toHaveLength(8);
  });
});
