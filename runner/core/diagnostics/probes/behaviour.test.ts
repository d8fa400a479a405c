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
