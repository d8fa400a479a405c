/** What the attacks have in common that feel out a gradient from scores. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { constant, randomLinear, scaled, step } from '../testing/classifiers.ts';
import { randomImages } from '../testing/images.ts';
import { linearClass, linearLogits, linearWorstMarginLinf } from '../testing/oracles.ts';
import { findAttack } from './index.ts';
import { type AttackRequest, runAttack } from './run.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const model = randomLinear(2, 5);
const { x, examples, size } = randomImages(16, model.inputShape, 3);
const imageOf = (images: Float32Array, i: number) => images.slice(i * size, (i + 1) * size);
const y = Int32Array.from(examples, (i) => linearClass(model, imageOf(x, i)));

describe.each(['nes', 'spsa'])('%s', (id) => {
  function attack(changes: Partial<AttackRequest> = {}) {
    const request = { classifier: model, x, y, target: null, examples, norm: 'Linf', epsilon: 0.02 } as const;
    return runAttack({ ...request, attack: findAttack(id), options: {}, seed: 1, stream: 'test', ...changes });
  }

  test('comes to the closed-form worst case of a linear model', async () => {
    const worst = [...y].map((own, i) => linearWorstMarginLinf(model, imageOf(x, i), own, 0.02));
    expect(worst.some((margin) => margin < 0) && worst.some((margin) => margin > 0)).toBe(true);
    const outcome = await attack();
    expect([...outcome.success]).toEqual(worst.map((margin) => (margin < 0 ? 1 : 0)));
    for (const [i, own] of y.entries()) {
      const z = linearLogits(model, imageOf(outcome.xAdv, i));
      if (outcome.success[i] === 0)
        expect((z[own] as number) - (z[1 - own] as number)).toBeLessThan((worst[i] as number) + 0.03);
    }
  });

  test('asks exactly as often as it may, and stops at a success', async () => {
    const still = { classifier: constant(4), y: new Int32Array(16) };
    const outcome = await attack({ ...still, options: { steps: 5, samples: 6 } });
    expect(outcome.forwardCalls).toBe(16 * 5 * 7 + 2 * 16);
    expect(outcome.gradientCalls).toBe(0);
    const fallen = await attack({ epsilon: 1 });
    expect([...fallen.success].every(Boolean)).toBe(true);
    expect(fallen.forwardCalls).toBeLessThan(16 * 30 * 129);
  });

  test('never more than 512 images in one pass', async () => {
    const sizes: number[] = [];
    const still = constant(2);
    const logits = (batch: tf.Tensor4D) => {
      sizes.push(batch.shape[0]);
      return still.logits(batch);
    };
    const one = { x: x.slice(0, size), y: new Int32Array(1), examples: Int32Array.of(0) };
    await attack({ ...one, classifier: { ...still, logits }, options: { steps: 1, samples: 1200 } });
    expect(sizes).toEqual([1, 512, 512, 177, 1]);
  });

  test('more steps from the same seed take no success back', async () => {
    const few = await attack({ options: { steps: 8 } });
    const more = await attack({ options: { steps: 30 } });
    expect(few.success).toContain(1);
    for (const [i, done] of few.success.entries()) {
      if (done === 1) expect(imageOf(more.xAdv, i)).toEqual(imageOf(few.xAdv, i));
    }
  });

  test('with the margin the scale of the logits does not matter', async () => {
    const options = { loss: 'margin', steps: 30 };
    const plain = await attack({ options });
    for (const factor of [1e6, 1e-2]) {
      expect([...(await attack({ classifier: scaled(model, factor), options })).success]).toEqual([...plain.success]);
    }
  });

  test('does not stand still where the loss is flat', async () => {
    const dark = { x: new Float32Array(32).fill(0.45), y: new Int32Array(2), examples: Int32Array.of(0, 1) };
    const { xAdv } = await attack({ ...dark, classifier: step(), epsilon: 0.3, options: { steps: 1, samples: 2 } });
    expect(xAdv.every((value) => value !== dark.x[0])).toBe(true);
  });

  test.each(['margin', 'ce'])('reaches targets by loss %s', async (loss) => {
    const ten = randomLinear(10, 5);
    const labels = Int32Array.from(examples, (i) => linearClass(ten, imageOf(x, i)));
    const target = labels.map((own) => (own + 1) % 10);
    const outcome = await attack({ classifier: ten, y: labels, target, epsilon: 0.5, options: { loss } });
    expect([...outcome.success].every(Boolean)).toBe(true);
  });
});
