import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../backends/index.ts';
import { findAttack } from '../attacks/index.ts';
import { runAttack } from '../attacks/run.ts';
import { loadClassifier } from '../models/index.ts';
import type { Norm } from '../projections.ts';
import { exampleRandom } from '../random.ts';
import { linearScores, linearSubmission, randomWeights, rightImages, SIZE } from '../testing/linear-submission.ts';
import { ibp } from './ibp.ts';
import { linear } from './linear.ts';

beforeAll(async () => {
  await startBackend('wasm');
});

const weights = randomWeights(4);
const { submission } = linearSubmission(weights);
const { x, y } = rightImages(weights, 3);
const examples = Int32Array.of(0, 1, 2);
const measure = (norm: Norm, changes: object = {}) =>
  linear.measure({ submission, x, y, examples, norm, epsilon: 1, seed: 0, ...changes }, {});

const imageOf = (i: number) => x.subarray(i * SIZE, (i + 1) * SIZE);

/** The class of an image. */
function classOf(image: ArrayLike<number>): number {
  const scores = linearScores(weights, image);
  return scores.indexOf(Math.max(...scores));
}

/** The images that change most against the right class within a radius, one towards each other class. */
function worstImages(i: number, norm: Norm, radius: number): Float64Array[] {
  const label = y[i] as number;
  const [image, row] = [imageOf(i), (k: number) => weights.weight.subarray(k * SIZE, (k + 1) * SIZE)];
  return Array.from({ length: 10 }, (_, k) => k)
    .filter((k) => k !== label)
    .map((k) => {
      const slope = Float64Array.from(row(k), (w, p) => w - (row(label)[p] as number));
      const toEnd = slope.map((s, p) => (s > 0 ? 1 - (image[p] as number) : (image[p] as number)));
      const order = [...slope.keys()].sort((a, b) => {
        const gain = (p: number) => Math.abs(slope[p] as number) * (norm === 'L0' ? (toEnd[p] as number) : 1);
        return gain(b) - gain(a);
      });
      const length = Math.hypot(...slope);
      let left = radius;
      const sizes = new Float64Array(SIZE);
      for (const p of order) {
        const room = toEnd[p] as number;
        if (norm === 'Linf') sizes[p] = Math.min(radius, room);
        else if (norm === 'L2') sizes[p] = Math.min((radius * Math.abs(slope[p] as number)) / length, room);
        else if (norm === 'L1') sizes[p] = Math.min(left, room);
        else sizes[p] = left >= 1 ? room : 0;
        left -= norm === 'L0' ? 1 : (sizes[p] as number);
      }
      return sizes.map((size, p) => (image[p] as number) + Math.sign(slope[p] as number) * size);
    });
}

describe.each(['Linf', 'L2', 'L1', 'L0'] as const)('in %s', (norm) => {
  it('an image within the radius is right, and one a little beyond it is not', async () => {
    const radii = await measure(norm);
    for (const [i, radius] of radii.entries()) {
      expect(radius).toBeGreaterThan(0);
      const within = norm === 'L0' ? Math.round(radius) - 1 : 0.999 * radius;
      const beyond = norm === 'L0' ? Math.round(radius) : 1.01 * radius;
      for (const image of worstImages(i, norm, within)) expect(classOf(image)).toBe(y[i]);
      expect(worstImages(i, norm, beyond).some((image) => classOf(image) !== y[i])).toBe(true);
    }
  });

  it('an image that is wrong has the radius 0', async () => {
    const wrong = y.map((label) => (label + 1) % 10);
    expect([...(await measure(norm, { y: wrong }))]).toEqual([0, 0, 0]);
  });
});

it.each(['Linf', 'L2'] as const)('DeepFool in %s finds the nearest image no nearer, and as near', async (norm) => {
  const radii = await measure(norm);
  const classifier = loadClassifier('softmax-regression-mnist', submission.files['w'] as Uint8Array);
  const { distance, success } = await runAttack({
    attack: findAttack('deepfool'),
    options: {},
    classifier,
    x,
    y,
    target: null,
    examples,
    norm,
    epsilon: Number.POSITIVE_INFINITY,
    seed: 0,
    stream: 'deepfool',
  });
  classifier.dispose();
  for (const [i, radius] of radii.entries()) {
    expect(success[i]).toBe(1);
    expect(distance[i]).toBeGreaterThan(radius);
    expect(distance[i]).toBeLessThan(1.1 * radius);
  }
});

it('a change within the pixel range only counts as far as that range goes', async () => {
  // Every value that pulls towards another class is at the end of the range already, so that no image is of another class.
  const one = { weight: new Float32Array(SIZE * 10), bias: new Float32Array(10) };
  one.weight.fill(1, 0, SIZE);
  one.bias.fill(-1, 1);
  const black = { x: new Float32Array(SIZE), y: Int32Array.of(0), examples: Int32Array.of(0) };
  const dark = { submission: linearSubmission(one).submission, ...black };
  expect((await measure('Linf', dark))[0]).toBeCloseTo(1, 6);
  expect((await measure('L0', dark))[0]).toBeCloseTo(SIZE, 3);
});

it('interval bounds of a linear net certify the same, but for their slack', async () => {
  const radii = await measure('Linf');
  for (const factor of [0.95, 1.05]) {
    for (const [i, radius] of radii.entries()) {
      const epsilon = factor * radius;
      const one = { x: imageOf(i), y: y.subarray(i, i + 1), examples: examples.subarray(i, i + 1) };
      const numbers = await ibp.measure({ submission, ...one, norm: 'Linf', epsilon, seed: 0 }, {});
      expect(ibp.certifies(numbers, {}, { epsilon })).toBe(factor < 1);
      expect(linear.certifies(Float64Array.of(radius), {}, { epsilon })).toBe(factor < 1);
    }
  }
});

it('what is done to an image before the net moves the boundary with it', async () => {
  const [model] = submission.models;
  const changed = { ...submission, models: [{ ...model, preprocessing: { mean: [0], std: [2] } }] };
  // Weights act on half the image; a bias of half the size puts every boundary where it was.
  const halved = { ...weights, bias: weights.bias.map((b) => b / 2) };
  const files = linearSubmission(halved).submission.files;
  const radii = await measure('L2', { submission: { ...changed, files } });
  for (const [i, radius] of (await measure('L2')).entries()) expect(radii[i]).toBeCloseTo(radius, 3);
});

it('random images within the radius are right', async () => {
  const random = exampleRandom(9, 'ball');
  for (const [i, radius] of (await measure('L2')).entries()) {
    for (let draw = 0; draw < 20; draw++) {
      const direction = random.normal([i], draw, SIZE);
      const length = Math.hypot(...direction);
      const image = imageOf(i).map((v, p) => v + (0.999 * radius * (direction[p] as number)) / length);
      expect(classOf(image)).toBe(y[i]);
    }
  }
});
