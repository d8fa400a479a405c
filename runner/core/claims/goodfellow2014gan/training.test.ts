import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { parzen } from './parzen.ts';
import { classScore } from './score.ts';
import { taken } from './training.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('the score of samples', () => {
  it('is 1 where all are of one class, or nothing is told of any', () => {
    expect(classScore([1, 0, 1, 0], 2)).toBeCloseTo(1, 12);
    expect(classScore([0.5, 0.5, 0.5, 0.5], 2)).toBeCloseTo(1, 12);
  });

  it('is the number of classes where each is clearly of one, evenly', () => {
    expect(classScore([1, 0, 0, 0, 1, 0, 0, 0, 1], 3)).toBeCloseTo(3, 12);
  });
});

it('Parzen windows give the likelihood of a mixture of Gaussians', async () => {
  const samples = Float32Array.of(0, 0, 1, 0);
  const density = (square: number, width: number) => Math.exp(-square / (2 * width ** 2)) / (2 * Math.PI * width ** 2);
  const [narrow, wide] = await parzen(samples, Float32Array.of(0.5, 0.5, 1, 1), 2, [0.2, 1]);
  // Squares of the distances are 0.5 and 0.5 for the first image, 2 and 1 for the second.
  expect(narrow?.[0]).toBeCloseTo(Math.log(density(0.5, 0.2)), 4);
  expect(wide?.[1]).toBeCloseTo(Math.log((density(2, 1) + density(1, 1)) / 2), 5);
});

it('images are taken out of a grid row by row', () => {
  const pixels = Uint8Array.from({ length: 16 }, (_, i) => i);
  const images = [...taken({ pixels, side: 4 }, 2)].map((value) => Math.round(255 * value));
  expect(images).toEqual([0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15]);
});
