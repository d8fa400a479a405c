import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBackend } from '../../backends/index.ts';
import { findAttack } from '../attacks/index.ts';
import { runAttack } from '../attacks/run.ts';
import { exampleRandom } from '../random.ts';
import { linear } from '../testing/classifiers.ts';
import { findTrack } from '../tracks.ts';
import { findSuite } from './index.ts';
import { resolveSuite } from './resolve.ts';

beforeAll(async () => {
  await startBackend('wasm');
});

const report: string[] = [];
afterAll(() => {
  console.log(`What an image that stands costs in v1, on every example:\n${report.join('\n')}`);
});

/** Class 0 everywhere, with a gradient that leads somewhere: no image is ever anything else. */
const stands = () => {
  const weights = exampleRandom(1, 'weights').normal([0], 0, 784 * 10);
  const bias = Float32Array.from({ length: 10 }, (_, i) => (i === 0 ? 1e5 : 0));
  return linear(weights, bias, [28, 28, 1]);
};

/** As the suite promises. */
const budget = { gradients: 6000, forward: 12_000 };

test.each(['mnist-linf-0.3', 'mnist-l2-2', 'mnist-l0-112'])(
  'an image that stands costs no more than the budget: %s',
  async (id) => {
    const { track, lines } = resolveSuite(findSuite('v1'), findTrack(id));
    const spent = { gradients: 0, forward: 0 };
    for (const line of lines.filter(({ examples }) => examples === undefined)) {
      const pairs = line.targets === 'all' ? 9 : 1;
      const { forwardCalls, gradientCalls, success } = await runAttack({
        attack: findAttack(line.attack),
        options: line.options,
        classifier: stands(),
        surrogates: (line.surrogates ?? []).map(stands),
        x: exampleRandom(2, 'image').uniform([0], 0, 784),
        y: Int32Array.of(0),
        target: line.targets === 'untargeted' ? null : Int32Array.of(1),
        examples: Int32Array.of(0),
        norm: line.norm ?? track.norm,
        epsilon: line.ball === 'track' ? track.epsilon : Number.POSITIVE_INFINITY,
        seed: 0,
        stream: line.id,
      });
      expect(success[0]).toBe(0);
      spent.gradients += pairs * gradientCalls;
      spent.forward += pairs * forwardCalls;
      report.push(`${id} ${line.id}: ${pairs * gradientCalls} gradients, ${pairs * forwardCalls} forward passes`);
    }
    report.push(`${id}: ${spent.gradients} gradients, ${spent.forward} forward passes`);
    expect(spent.gradients).toBeLessThanOrEqual(budget.gradients);
    expect(spent.forward).toBeLessThanOrEqual(budget.forward);
    expect(tf.memory().numTensors).toBe(0);
  },
  120_000,
);
