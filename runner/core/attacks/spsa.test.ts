import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { constant } from '../testing/classifiers.ts';
import { findAttack } from './index.ts';
import { runAttack } from './run.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

test('begins anywhere in the ball, or at the image', async () => {
  const inside = { x: new Float32Array(48).fill(0.5), examples: Int32Array.of(0, 1, 2), y: new Int32Array(3) };
  const first = async (randomStart: boolean) => {
    const started: Float32Array[] = [];
    const still = constant(2);
    const logits = (batch: tf.Tensor4D) => {
      if (batch.shape[0] === 3) return still.logits(batch);
      started.push(batch.dataSync<'float32'>().slice(0, 16));
      return still.logits(batch);
    };
    await runAttack({
      ...inside,
      attack: findAttack('spsa'),
      classifier: { ...still, logits },
      target: null,
      norm: 'Linf',
      epsilon: 0.3,
      options: { randomStart, steps: 1 },
      seed: 1,
      stream: 'test',
    });
    return started.flatMap((image) => [...image]);
  };
  expect(await first(false)).toEqual([...inside.x]);
  const starts = await first(true);
  expect(Math.min(...starts)).toBeGreaterThanOrEqual(0.2 - 1e-6);
  expect(Math.max(...starts)).toBeLessThanOrEqual(0.8 + 1e-6);
  expect(Math.max(...starts) - Math.min(...starts)).toBeGreaterThan(0.45);
});
