import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import type { Classifier } from '../../models/classifier.ts';
import { constant, notANumberAbove, radial, randomLinear } from '../../testing/classifiers.ts';
import { linearClass, marginWeights } from '../../testing/oracles.ts';
import type { Attack } from '../attack.ts';
import { runAttack } from '../run.ts';
import { spsa } from '../spsa.ts';
import { parseOptions } from './options.ts';
import { type ProbeOptions, scoreDescent } from './score-descent.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const options: ProbeOptions = { steps: 2, samples: 32, radius: 0.01, loss: 'margin' };
/** Each value by itself, in turn. */
const axes = Float32Array.from({ length: 256 }, (_, i) => (Math.floor(i / 16) === i % 16 ? 1 : 0));

/** Runs a descent along the axes that moves as told, and keeps the gradients that it is given. */
async function gradients(classifier: Classifier, x: Float32Array, y: number, shift: number, probe = options) {
  const given: Float64Array[] = [];
  const attack: Attack = {
    ...spsa,
    perturb: (context) =>
      scoreDescent(context, probe, () => ({
        directions: () => axes,
        move(image, gradient) {
          given.push(gradient);
          for (let i = 0; i < image.length; i++) image[i] = (image[i] as number) + shift;
        },
      })),
  };
  const request = { classifier, x, y: Int32Array.of(y), target: null, examples: Int32Array.of(0) };
  await runAttack({
    ...request,
    attack,
    options: parseOptions(spsa, {}),
    norm: 'Linf',
    epsilon: 0.4,
    seed: 0,
    stream: '',
  });
  return given;
}

test('along the axes the estimate is a sixteenth of the gradient, of a linear model exactly', async () => {
  const model = randomLinear(2, 5);
  const x = new Float32Array(16).fill(0.55);
  const y = linearClass(model, x);
  const [gradient] = await gradients(model, x, y, 0);
  for (const [i, weight] of marginWeights(model, y, 1 - y).entries()) {
    expect(16 * (gradient?.[i] as number)).toBeCloseTo(weight, 3);
  }
});

test('it is the gradient at the image as it is by now, not at the one it started from', async () => {
  const x = new Float32Array(16).fill(0.52);
  const [first, second] = await gradients(radial(0.9), x, 0, 0.2);
  for (let i = 0; i < 16; i++) {
    expect(16 * (first?.[i] as number)).toBeCloseTo(-2 * 0.02, 3);
    expect(16 * (second?.[i] as number)).toBeCloseTo(-2 * 0.22, 3);
  }
});

test('a flat loss gives the first direction, and samples without finite logits give nothing', async () => {
  const x = new Float32Array(16).fill(0.45);
  const [flat] = await gradients(constant(2), x, 0, 0);
  expect([...(flat as Float64Array)]).toEqual([...axes.subarray(0, 16)]);
  const model = randomLinear(2, 5);
  const y = linearClass(model, x);
  const [partial] = await gradients(notANumberAbove(model, 0.455), x, y, 0);
  expect(partial?.[0]).toBe(0);
  const weights = marginWeights(model, y, 1 - y);
  for (let i = 1; i < 16; i++) expect(16 * (partial?.[i] as number)).toBeCloseTo(weights[i] as number, 3);
});
