import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { fgsm } from '../attacks/fgsm.ts';
import { noise } from '../attacks/noise.ts';
import { randomLinear } from '../testing/classifiers.ts';
import { attackImages } from './attack-images.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const classifier = randomLinear(3, 1);
const x = Float32Array.from({ length: 16 * 5 }, (_, i) => (i % 7) / 7);
const y = Int32Array.of(0, 1, 2, 0, 1);
const request = { options: {}, classifier, x, y, target: null, norm: 'Linf', seed: 0, stream: 's' } as const;
const noPause = async () => {};

it('gives every image the same answer and the same draws, however many are attacked at a time', async () => {
  for (const attack of [fgsm, noise] as const) {
    const whole = await attackImages({ ...request, attack, epsilon: 0.2 }, 5, noPause);
    const parts = await attackImages({ ...request, attack, epsilon: 0.2 }, 2, noPause);
    expect(parts.xAdv).toEqual(whole.xAdv);
    expect(parts).toEqual(whole);
    expect(whole.distance.every((distance) => distance <= 0.2 + 1e-6)).toBe(true);
  }
});

it('tells how far it is, up to the end', async () => {
  const told: number[] = [];
  await attackImages({ ...request, attack: fgsm, epsilon: 0.1 }, 2, async (fraction) => {
    told.push(fraction);
  });
  expect(told).toEqual([0.4, 0.8, 1]);
});

it('keeps target and name of each image with it', async () => {
  const target = Int32Array.of(1, 2, 0, 2, 0);
  const { success, xAdv } = await attackImages({ ...request, attack: fgsm, target, epsilon: 10 }, 2, noPause);
  const logits = tf.tidy(() => classifier.logits(tf.tensor4d(xAdv, [5, 4, 4, 1])).arraySync());
  for (const [row, flag] of success.entries()) {
    const own = logits[row] as number[];
    expect(own.indexOf(Math.max(...own)) === target[row]).toBe(flag === 1);
  }
});
