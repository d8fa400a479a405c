/** Probes on models whose answer is known. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { defended } from '../../defenses/index.ts';
import { distances, inBall, inBox, predictions } from '../../metrics/judge.ts';
import type { Classifier } from '../../models/classifier.ts';
import type { Norm } from '../../projections.ts';
import { exampleRandom } from '../../random.ts';
import { untargeted } from '../../suites/lines.ts';
import { gradientKiller, hot, purified, randomResize, rounded } from '../../testing/broken-defenses.ts';
import { constant, notANumberAbove, randomLinear } from '../../testing/classifiers.ts';
import { randomImages } from '../../testing/images.ts';
import { linearClass } from '../../testing/oracles.ts';
import { activeTest } from './active-test.ts';
import { ballSamples } from './ball-samples.ts';
import { inBatches } from './batches.ts';
import { forwardGradients } from './forward-gradients.ts';
import { gradients } from './gradients.ts';
import { probes } from './index.ts';
import { largerEpsilon } from './larger-epsilon.ts';
import { lossNoise } from './loss-noise.ts';
import { moreIterations } from './more-iterations.ts';
import { moreRestarts } from './more-restarts.ts';
import { optimisationPath } from './optimisation-path.ts';
import { plantedClassifier } from './planted.ts';
import type { ProbeContext } from './probe.ts';
import { readOut } from './read-out.ts';
import { repeats } from './repeats.ts';

beforeAll(() => tf.setBackend('cpu'));

const COUNT = 12;
const model = randomLinear(4, 21);
const { x, examples, size } = randomImages(COUNT, model.inputShape, 8, 0.45);
const y = Int32Array.from(examples, (i) => linearClass(model, x.slice(i * size, (i + 1) * size)));
const line = untargeted('pgd', 'pgd', { loss: 'margin', steps: 40, relativeStepSize: 0.1 });

function context(classifier: Classifier = model, changes: Partial<ProbeContext> = {}): ProbeContext {
  const standing = new Uint8Array(COUNT).fill(1);
  return { classifier, x, y, examples, standing, norm: 'Linf', epsilon: 0.03, seed: 1, line, ...changes };
}

describe('every probe', () => {
  const none = context(model, {
    x: new Float32Array(),
    y: new Int32Array(),
    examples: new Int32Array(),
    standing: new Uint8Array(),
  });

  it.each(probes.map((probe) => [probe.id, probe] as const))(
    '%s leaves no tensor behind, repeats itself, and survives no example',
    async (_id, probe) => {
      const before = tf.memory().numTensors;
      const first = await probe.measure(context());
      expect(tf.memory().numTensors).toBe(before);
      expect(first).not.toBeNull();
      expect(await probe.measure(context())).toEqual(first);
      expect(await probe.measure(none)).toBeNull();
      for (const value of Object.values(first ?? {})) expect(Number.isFinite(value)).toBe(true);
    },
  );

  it.each(probes.map((probe) => [probe.id, probe] as const))(
    '%s comes to an end on models without gradients and with NaN',
    async (_id, probe) => {
      for (const classifier of [constant(4), notANumberAbove(model, 0.5)]) await probe.measure(context(classifier));
    },
  );
});

describe('measurements', () => {
  it('of repeats: nothing of a fixed model, something of a random one', async () => {
    expect(await repeats.measure(context())).toMatchObject({ correctSpread: 0, logitDifference: 0, changed: 0 });
    const noisy = async (deviation: number) => {
      const named = { id: 'gaussian-noise', options: { deviation, samples: 2 } };
      return (await repeats.measure(context(defended([model], [named])))) ?? {};
    };
    const [idle, loud] = [await noisy(1e-6), await noisy(0.3)];
    expect(idle).toMatchObject({ changed: 0, correctSpread: 0 });
    expect(idle.logitDifference).toBeLessThan(1e-2 * (idle.stepDifference as number));
    expect(loud.changed).toBeGreaterThan(0);
    expect(loud.logitDifference).toBeGreaterThan(loud.stepDifference as number);
    const random = exampleRandom(1, 'test');
    let draw = 0;
    const shaky = randomResize(model, () => random.uniform([0], draw++, 1)[0] as number);
    expect((await repeats.measure(context(shaky)))?.logitDifference).toBeGreaterThan(1e-4);
    expect((await repeats.measure(context(notANumberAbove(model, 0))))?.logitDifference).toBe(2);
  });

  it('of gradients in the forward pass: one of a purifier, and the engine is as before', async () => {
    const { gradients: method } = tf.engine();
    expect(await forwardGradients.measure(context())).toEqual({ calls: 0 });
    expect(await forwardGradients.measure(context(purified(model)))).toEqual({ calls: 1 });
    expect(tf.engine().gradients).toBe(method);
  });

  it('of gradients: all there, all zero, or gone only in float32', async () => {
    expect(await gradients.measure(context())).toMatchObject({ zeroAtStart: 0, zeroAtClean: 0, underflow: 0 });
    expect(await gradients.measure(context(rounded(model)))).toMatchObject({ zeroAtStart: 1, zeroAtClean: 1 });
    const flat = await gradients.measure(context(hot(model)));
    expect(flat).toMatchObject({ zeroAtStart: 0, zeroAtClean: 0 });
    expect(flat?.underflow).toBeGreaterThan(0.5);
  });

  it('of noise on a loss: that of a linear margin, whatever its scale', async () => {
    const plain = (await lossNoise.measure(context()))?.relativeChange as number;
    expect(plain).toBeGreaterThan(0);
    expect((await lossNoise.measure(context(hot(model))))?.relativeChange).toBeCloseTo(plain, 4);
  });

  it('of larger balls: a linear model falls, and one whose gradients are hidden does not', async () => {
    const open = await largerEpsilon.measure(context());
    expect(open?.unbounded).toBe(0);
    expect(open?.once).toBeGreaterThanOrEqual(open?.twice as number);
    expect((await largerEpsilon.measure(context(constant(4), { y: new Int32Array(COUNT) })))?.unbounded).toBe(1);
  });

  it('of more effort: what too few steps left, and nothing more of what is done', async () => {
    const short = { ...line, options: { ...line.options, steps: 2, relativeStepSize: 0.3, randomStart: false } };
    const wide = { epsilon: 0.06 };
    const [few, many] = [
      await moreIterations.measure(context(model, { ...wide, line: short })),
      await moreIterations.measure(
        context(model, { ...wide, line: { ...short, options: { ...short.options, steps: 1 } } }),
      ),
    ];
    // Each step of a linear model's attack goes the same way: 4 · 0.3 ε fills the ball, 2 · 0.3 ε does not.
    expect(few?.broken).toBeGreaterThan(many?.broken as number);
    const most = { ...line, options: { ...line.options, steps: 10_000 } };
    expect(await moreIterations.measure(context(model, { line: most }))).toBeNull();
    const standing = new Uint8Array(COUNT);
    expect(await moreIterations.measure(context(model, { ...wide, standing }))).toMatchObject({
      standing: 0,
      broken: 0,
    });
    expect(await moreRestarts.measure(context(model, { ...wide, standing }))).toMatchObject({ standing: 0, broken: 0 });
  });

  it('of a path: small steps still gain at the end, larger ones have come to rest', async () => {
    const stepping = (relativeStepSize: number) => ({
      ...line,
      options: { ...line.options, relativeStepSize, randomStart: false },
    });
    expect((await optimisationPath.measure(context(model, { line: stepping(0.02) })))?.improving).toBe(1);
    expect((await optimisationPath.measure(context(model, { line: stepping(0.2) })))?.improving).toBe(0);
  });
});

describe('points of the ball', () => {
  const cases: [Norm, number][] = [
    ['Linf', 0.1],
    ['L2', 0.3],
    ['L1', 0.5],
    ['L0', 3],
  ];
  it.each(cases)('%s: in the ball and the box, and on the surface where that is asked', (norm, epsilon) => {
    const grey = new Float32Array(COUNT * size).fill(0.5);
    for (const place of ['inside', 'surface'] as const) {
      for (const images of [x, grey]) {
        const points = ballSamples(images, examples, norm, epsilon, place, exampleRandom(1, 'a'), 0);
        const far = distances(images, points, size, norm);
        for (const distance of far) expect(inBall(distance, epsilon)).toBe(true);
        expect(inBox(points, size).every(Boolean)).toBe(true);
        if (place === 'surface' && images === grey)
          for (const distance of far) expect(distance).toBeCloseTo(epsilon, 5);
      }
    }
  });
});

describe('the read-out', () => {
  const cloud = exampleRandom(3, 'cloud').normal([0], 0, 200 * 3);
  const clean = Float32Array.of(0.1, 0, 0);
  const value = ({ weights, bias }: NonNullable<ReturnType<typeof readOut>>, z: ArrayLike<number>) =>
    weights.reduce((sum, w, c) => sum + w * (z[c] as number), bias);

  it('is −1 at the clean image, above 0 at the point and below at the cloud', () => {
    const point = Float32Array.of(0, 5, 0);
    const read = readOut(clean, cloud, point);
    if (read === null) throw new Error('there is one');
    expect(value(read, clean)).toBeCloseTo(-1, 10);
    expect(value(read, point)).toBeCloseTo(read.top, 10);
    expect(read.top).toBeGreaterThan(0);
    for (let i = 0; i < cloud.length; i += 3) expect(value(read, cloud.subarray(i, i + 3))).toBeLessThan(0);
  });

  it('does not exist for a point within the cloud, nor where nothing varies', () => {
    expect(readOut(clean, cloud, Float32Array.of(0, 0.1, 0))).toBeNull();
    expect(readOut(clean, new Float32Array(30), new Float32Array(3))).toBeNull();
    expect(readOut(clean, cloud, Float32Array.of(0, Number.NaN, 0))).toBeNull();
  });
});

describe('the active test', () => {
  it('is passed on a linear model, where chance does not, and failed where gradients are hidden', async () => {
    const open = await activeTest.measure(context());
    expect(open).toMatchObject({ found: 1 });
    expect(open?.planted).toBeGreaterThan(6);
    expect(open?.chance).toBeLessThan(0.5);
    expect(await activeTest.measure(context(gradientKiller(model)))).toMatchObject({ found: 0 });
  });

  it('is failed by an attack that takes too small steps', async () => {
    const weak = { ...line, options: { ...line.options, steps: 2, relativeStepSize: 0.01 } };
    expect((await activeTest.measure(context(model, { line: weak })))?.found).toBeLessThan(0.5);
  });

  it('alters each ball by its own read-out, and keeps the margin of the clean image', async () => {
    const plants = [0, 1].map((row) => {
      const image = x.slice(row * size, (row + 1) * size);
      const target = ((y[row] as number) + 1) % 4;
      // The read-out looks at one logit; its value is −1 at the image.
      const weights = Float64Array.of(0, 0, 0, 0).with(target, 1);
      return { x: image, y: y[row] as number, target, margin: 3, readOut: { weights, bias: 0, top: 1 } };
    });
    const altered = plantedClassifier(model, plants, 'Linf');
    const images = x.slice(0, 2 * size);
    const z = await inBatches(model, images, (batch) => model.logits(batch));
    const changed = await inBatches(altered, images, (batch) => altered.logits(batch));
    for (const [row, { y: own, target }] of plants.entries()) {
      const difference = (changed[row * 4 + own] as number) - (changed[row * 4 + target] as number);
      expect(difference).toBeCloseTo(-3 * (z[row * 4 + target] as number), 4);
    }
    expect(predictions(changed, 4)).toHaveLength(2);
    altered.dispose();
  });
});
