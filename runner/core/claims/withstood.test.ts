import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { fgsm } from '../attacks/fgsm.ts';
import { transfer } from '../attacks/transfer.ts';
import { linear } from '../testing/classifiers.ts';
import type { Outcomes, Step, StepContext } from './experiment.ts';
import { accuracyOf, attackStep, cleanStep } from './withstood.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

// Two classes of 16 pixels: class 1 where their sum is above 8. The images are 0.1, 0.3 and 0.45 from the boundary in every pixel.
const weights = Float32Array.from({ length: 32 }, (_, i) => i % 2);
const sum = linear(weights, Float32Array.of(8, 0));
/** Never sees but the first pixel, of which it likes darkness. */
const other = linear(
  Float32Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0)),
  Float32Array.of(0, 0.5),
);
const levels = [0.4, 0.2, 0.95];
const x = Float32Array.from({ length: 48 }, (_, i) => levels[Math.floor(i / 16)] as number);
const y = Int32Array.of(0, 0, 1);

const context: StepContext = {
  seed: 0,
  test: (_, limit = 3) => ({ x: x.slice(0, 16 * limit), y: y.slice(0, limit), count: limit }),
  train: () => ({ x, y, count: 3 }),
  net: (id) => (id === 'other' ? other : sum),
  gan: () => {
    throw new Error('none');
  },
  evidence: () => ({}),
  pause: async () => {},
};

async function outcomesOf(step: Step): Promise<Outcomes> {
  const found = await step.run(context);
  return Object.fromEntries(Object.entries(found).map(([name, data]) => [`${step.id}.${name}`, data]));
}

const line = { id: 'line', attack: fgsm, options: {}, norm: 'Linf', epsilon: 0.2, images: 3 } as const;

it('counts the images that stay right, of as many as were attacked', async () => {
  expect(accuracyOf(await outcomesOf(cleanStep('net')), 'clean')).toMatchObject({ value: 1 });
  expect(accuracyOf(await outcomesOf(attackStep('net', line)), 'line').value).toBeCloseTo(2 / 3, 12);
  expect(accuracyOf(await outcomesOf(attackStep('net', { ...line, images: 1 })), 'line').value).toBe(0);
});

it('asks a net about images that were made for another', async () => {
  const made = { ...line, attack: transfer, options: { steps: 1 }, madeFor: 'other' };
  // The other net has the attack change one pixel, which moves the sum by 0.2 where 1.6 is missing.
  expect(accuracyOf(await outcomesOf(attackStep('net', made)), 'line').value).toBe(1);
});
