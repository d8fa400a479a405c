/** Models and workers that are at fault: what an evaluation promises to do about each. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Workers } from '../evaluate.ts';
import type { Classifier } from '../models/classifier.ts';
import { untargeted } from '../suites/lines.ts';
import { softmaxed } from '../testing/broken-defenses.ts';
import { constant, notANumberAbove, randomLinear, scaled, step, tied } from '../testing/classifiers.ts';
import { evaluated, type Trial } from '../testing/evaluated.ts';
import { randomImages } from '../testing/images.ts';
import { linearClass } from '../testing/oracles.ts';
import type { AttackTaskOutcome, OutcomeOf, Task } from './tasks.ts';

beforeAll(() => tf.setBackend('cpu'));

const COUNT = 12;
const model = randomLinear(4, 21);
const { x, size } = randomImages(COUNT, model.inputShape, 8, 0.4);
const y = Int32Array.from({ length: COUNT }, (_, i) => linearClass(model, x.slice(i * size, (i + 1) * size)));
const steps = { steps: 30, relativeStepSize: 0.1 };
const trial: Trial = {
  lines: [
    untargeted('fgsm', 'fgsm'),
    untargeted('pgd-ce', 'pgd', { loss: 'ce', ...steps }),
    untargeted('pgd-margin', 'pgd', { loss: 'margin', ...steps }),
    untargeted('square', 'square', { queries: 100 }),
  ],
  examples: { x, y, count: COUNT },
  epsilon: 0.03,
  probes: [],
};
const probes = ['repeats', 'gradients', 'loss-noise', 'larger-epsilon', 'active-test', 'universal'];
const ids = ({ flags }: { flags: readonly { readonly id: string }[] }) => flags.map(({ id }) => id);

describe('a model', () => {
  it('whose clean logits are not numbers is refused, with how many and which the first is', async () => {
    const limit = [...Array(COUNT).keys()].map((i) => x[i * size] as number).sort((a, b) => b - a)[1] as number;
    const first = [...Array(COUNT).keys()].find((i) => (x[i * size] as number) > limit);
    await expect(evaluated(notANumberAbove(model, limit + 1e-3), trial)).rejects.toMatchObject({
      kind: 'submission',
      message: `logits: NaN or infinite for 1 of ${COUNT} clean images, the first of them number ${first}`,
    });
  });

  it('whose logits stop being numbers within the ball falls there, and is flagged', async () => {
    const highest = Math.max(...Array.from({ length: COUNT }, (_, i) => x[i * size] as number));
    const sound = await evaluated(model, trial);
    // One value 0.01 above the highest of the clean ones is enough, and the ball reaches it for the images near that.
    const result = await evaluated(notANumberAbove(model, highest + 0.01), trial);
    expect(result.cleanAccuracy.value).toBe(1);
    expect(result.robustAccuracy.value).toBeLessThanOrEqual(sound.robustAccuracy.value);
    const blind = { ...trial, lines: [untargeted('noise', 'noise', { draws: 300 })] };
    const fallen = await evaluated(notANumberAbove(constant(4), highest + 0.01), {
      ...blind,
      examples: { ...trial.examples, y: new Int32Array(COUNT) },
    });
    expect(fallen.robustAccuracy.value).toBeLessThan(1);
    expect(ids(fallen)).toContain('non-finite');
  });

  it('without gradients is flagged, and attacks without gradients still count', async () => {
    const dark = x.map((value) => 0.48 + 0.04 * value);
    const bright = dark.map((value, i) => (Math.floor(i / size) % 2 === 0 ? value - 0.02 : value + 0.02));
    const labels = Int32Array.from({ length: COUNT }, (_, i) => {
      const mean = bright.slice(i * size, (i + 1) * size).reduce((sum, value) => sum + value, 0) / size;
      return mean > 0.5 ? 1 : 0;
    });
    const examples = { x: bright, y: labels, count: COUNT };
    const result = await evaluated(step(), { ...trial, examples, epsilon: 0.1, probes });
    expect(ids(result)).toEqual(
      expect.arrayContaining(['zero-gradients', 'zero-gradient-at-start', 'unavailable-gradients']),
    );
    expect(result.attacks.find(({ id }) => id === 'square')?.robustAccuracy.value).toBeLessThan(1);
    expect(result.robustAccuracy.value).toBeLessThan(1);
  });

  it('that gives probabilities is flagged', async () => {
    expect(ids(await evaluated(softmaxed(model), trial))).toContain('softmax-output');
  });

  it('is as robust as it is, however large or small its logits', async () => {
    const plain = await evaluated(model, trial);
    expect(plain.robustAccuracy.value).toBeGreaterThan(0);
    expect(plain.robustAccuracy.value).toBeLessThan(1);
    for (const factor of [1e3, 1e8, 1e-3]) {
      const { robustAccuracy } = await evaluated(scaled(model, factor), trial);
      expect(robustAccuracy).toEqual(plain.robustAccuracy);
    }
  });

  it('whose logits tie is never right', async () => {
    const { cleanAccuracy, robustAccuracy } = await evaluated(tied(4), { ...trial, probes });
    expect([cleanAccuracy.value, robustAccuracy.value]).toEqual([0, 0]);
  });

  it('that always says the same comes through, as right as chance has it', async () => {
    const labels = Int32Array.from({ length: COUNT }, (_, i) => i % 4);
    const result = await evaluated(constant(4), { ...trial, examples: { x, y: labels, count: COUNT }, probes });
    expect([result.cleanAccuracy.value, result.robustAccuracy.value]).toEqual([0.25, 0.25]);
    expect(ids(result)).toEqual(expect.arrayContaining(['low-clean-accuracy', 'unavailable-gradients']));
    for (const reading of Object.values(result.probes ?? {}))
      for (const value of Object.values(reading)) expect(Number.isFinite(value)).toBe(true);
  });

  it('that refuses to answer where it is suspicious gains nothing by it: a refusal is wrong, before an attack and after', async () => {
    const known = new Set(Array.from({ length: COUNT - 1 }, (_, i) => x.slice(i * size, (i + 1) * size).join()));
    // A score more than there are classes, for "none of these": highest wherever the image is not one of those.
    const refusing: Classifier = {
      ...model,
      classes: model.classes + 1,
      logits(batch) {
        const values = batch.dataSync<'float32'>();
        const refuses = Array.from({ length: batch.shape[0] }, (_, i) =>
          known.has(values.slice(i * size, (i + 1) * size).join()) ? -1e3 : 1e3,
        );
        return tf.tidy(() => tf.concat([model.logits(batch), tf.tensor2d(refuses, [refuses.length, 1])], 1));
      },
    };
    const result = await evaluated(refusing, { ...trial, lines: [untargeted('noise', 'noise', { draws: 1 })] });
    expect(result.cleanAccuracy.value).toBe((COUNT - 1) / COUNT);
    expect(result.robustAccuracy.value).toBe(0);
  });

  it('that never says one of its classes loses no attack for it', async () => {
    const fewer: Classifier = {
      ...model,
      logits: (batch) => tf.tidy(() => tf.sub<tf.Tensor2D>(model.logits(batch), tf.tensor2d([[0, 0, 0, 1e6]]))),
    };
    const right = y.map((own) => (own === 3 ? 0 : own));
    const result = await evaluated(fewer, { ...trial, examples: { x, y: right, count: COUNT }, epsilon: 0.3 });
    expect(result.robustAccuracy.value).toBe(0);
  });
});

describe('an attack that returns what it must not', () => {
  /** Workers whose attacks hand back other images than they were judged on. */
  const handing =
    (change: (images: Float32Array) => void) =>
    (workers: Workers): Partial<Workers> => ({
      run: async <T extends Task>(task: T): Promise<OutcomeOf<T>> => {
        const outcome = await workers.run(task);
        if (task.kind === 'attack') change((outcome as AttackTaskOutcome).images);
        return outcome;
      },
    });

  it.each([
    ['outside the ball', (images: Float32Array) => images.set(images.map((v) => (v > 0.5 ? 0 : 1)))],
    ['outside the pixel range', (images: Float32Array) => images.fill(1.5)],
    ['that are not numbers', (images: Float32Array) => images.fill(Number.NaN)],
  ])('images %s stops the run: a bug of ours', async (_what, change) => {
    await expect(evaluated(model, { ...trial, epsilon: 0.1 }, handing(change))).rejects.toMatchObject({
      kind: 'infrastructure',
      message: expect.stringMatching(
        /adversarial images lie outside their ball or the pixel range: a bug of an attack/,
      ),
    });
  });

  it('images that are the clean ones counts for nothing, and is flagged', async () => {
    const result = await evaluated(
      model,
      { ...trial, lines: [untargeted('pgd', 'pgd', { loss: 'margin', ...steps })], epsilon: 0.1 },
      (workers) => ({
        run: async <T extends Task>(task: T): Promise<OutcomeOf<T>> => {
          const outcome = await workers.run(task);
          if (task.kind !== 'attack') return outcome;
          const { kept, images } = outcome as AttackTaskOutcome;
          for (const [i, row] of kept.entries()) images.set(x.subarray(row * size, (row + 1) * size), i * size);
          return outcome;
        },
      }),
    );
    expect(result.robustAccuracy.value).toBe(1);
    expect(ids(result)).toContain('unconfirmed');
  });
});
