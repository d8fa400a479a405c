import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Classifier } from '../models/classifier.ts';
import { exampleRandom } from '../random.ts';
import { randomLinear } from '../testing/classifiers.ts';
import { randomImages } from '../testing/images.ts';
import { linearClass } from '../testing/oracles.ts';
import { findAttack } from './index.ts';
import { runAttack } from './run.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const model = randomLinear(2, 5);
const { x, examples, size } = randomImages(20, model.inputShape, 3);
const y = Int32Array.from(examples, (i) => linearClass(model, x.slice(i * size, (i + 1) * size)));

function attack(
  id: string,
  options: Record<string, unknown>,
  changes: { classifier?: Classifier; x?: Float32Array } = {},
) {
  const fixed = { attack: findAttack(id), target: null, norm: 'Linf', seed: 4, stream: 'line' } as const;
  return runAttack({ ...fixed, classifier: model, x, y, examples, epsilon: 0.05, options, ...changes });
}

/**
 * Class 0 at grey. Near it, within 0.01 in each value, the gradient points away from where the classes change: the loss falls first and
 * rises after.
 */
const masked: Classifier = {
  inputShape: model.inputShape,
  classes: 2,
  logits: (images) =>
    tf.tidy(() => {
      const change = tf.sub(images, 0.5);
      const bent = tf.sub(change, tf.mul(tf.clipByValue(change, -0.01, 0.01), 2));
      const sum = tf.sum(bent, [1, 2, 3]).expandDims(1);
      return tf.concat([tf.sub(0.05, sum), sum], 1) as tf.Tensor2D;
    }),
  dispose: () => {},
};

describe('R+FGSM', () => {
  test('without a random step is FGSM, to the bit', async () => {
    const fgsm = await attack('fgsm', {});
    expect((await attack('r-fgsm', { randomShare: 0 })).xAdv).toEqual(fgsm.xAdv);
  });

  test('with nothing but a random step ends at a corner that its draws name', async () => {
    const { xAdv, success } = await attack('r-fgsm', { randomShare: 1 });
    const noise = exampleRandom(4, 'line').normal(examples, 0, size);
    for (const [i, value] of xAdv.entries()) {
      const corner = (x[i] as number) + 0.05 * Math.sign(noise[i] as number);
      expect(value).toBeCloseTo(Math.min(1, Math.max(0, corner)), 6);
    }
    expect([...success].every(Boolean)).toBe(false);
  });

  test('one gradient an image', async () => {
    expect((await attack('r-fgsm', {})).gradientCalls).toBe(20);
  });

  test('gets past a gradient that is masked at x', async () => {
    const grey = { classifier: masked, x: new Float32Array(x.length).fill(0.5) };
    const broken = async (id: string, options = {}) => {
      const fixed = { attack: findAttack(id), target: null, norm: 'Linf', seed: 4, stream: 'line' } as const;
      const { success } = await runAttack({
        ...fixed,
        ...grey,
        y: new Int32Array(20),
        examples,
        epsilon: 0.05,
        options,
      });
      return success.reduce((sum, flag) => sum + flag, 0);
    };
    expect(await broken('fgsm')).toBe(0);
    expect(await broken('r-fgsm')).toBe(20);
  });
});
