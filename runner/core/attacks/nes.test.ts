import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { constant, randomLinear, scaled } from '../testing/classifiers.ts';
import { randomImages } from '../testing/images.ts';
import { linearClass } from '../testing/oracles.ts';
import { findAttack } from './index.ts';
import { type AttackRequest, runAttack } from './run.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const model = randomLinear(2, 5);
const { x, examples, size } = randomImages(16, model.inputShape, 3);
const y = Int32Array.from(examples, (i) => linearClass(model, x.slice(i * size, (i + 1) * size)));

function attack(changes: Partial<AttackRequest> = {}) {
  const request = { classifier: model, x, y, target: null, examples, norm: 'Linf', epsilon: 0.02 } as const;
  return runAttack({ ...request, attack: findAttack('nes'), options: {}, seed: 1, stream: 'test', ...changes });
}

test('halves its step when the loss has risen over five of them', async () => {
  const images: number[][] = [];
  let asked = 0;
  // Every pass scores a little better for the true class than the one before it, whatever the images.
  const rising = {
    ...constant(2),
    logits: (batch: tf.Tensor4D) => {
      if (batch.shape[0] > 1) images.push([...batch.dataSync<'float32'>().slice(0, 16)]);
      asked++;
      return tf.tidy(() => tf.tile(tf.tensor2d([[1 + asked, 0]]), [batch.shape[0], 1]) as tf.Tensor2D);
    },
  };
  const one = { x: new Float32Array(16).fill(0.5), y: new Int32Array(1), examples: Int32Array.of(0) };
  await attack({ ...one, classifier: rising, epsilon: 0.1, options: { steps: 6, loss: 'margin', samples: 4 } });
  const lengths = images
    .slice(1)
    .map((image, k) => image.map((value, i) => Math.abs(value - (images[k]?.[i] as number))));
  for (const [k, moved] of lengths.entries()) {
    for (const length of moved) expect(length).toBeCloseTo(k < 4 ? 0.02 : 0.01, 5);
  }
});

test('cross-entropy is held up by saturated logits, the margin is not', async () => {
  const saturated = scaled(model, 1e5);
  const few = { classifier: saturated, epsilon: 0.1 };
  const margin = await attack({ ...few, options: { loss: 'margin', steps: 40 } });
  const ce = await attack({ ...few, options: { loss: 'ce', steps: 40 } });
  const won = (success: Uint8Array) => success.filter((flag) => flag === 1).length;
  expect(won(ce.success)).toBeLessThan(won(margin.success));
  expect(won(margin.success)).toBeGreaterThan(10);
});
