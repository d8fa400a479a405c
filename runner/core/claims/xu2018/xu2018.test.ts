import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { startBackend } from '../../../backends/index.ts';
import { linear } from '../../testing/classifiers.ts';
import type { Outcomes } from '../experiment.ts';
import { adaptivePgd } from './adaptive.ts';
import { attacks } from './attacks.ts';
import { detectorExperiment } from './detector.ts';
import { detect, scoreOf } from './score.ts';

beforeAll(async () => {
  await startBackend('wasm');
});

const noPause = async () => {};

/** Class 1 where a 4×4 image has a mean above 0.6. */
const bright = linear(
  Float32Array.from({ length: 32 }, (_, i) => (i % 2 === 1 ? 4 : 0)),
  Float32Array.of(0.6 * 64, 0),
);
const level = (value: number) => new Float32Array(16).fill(value);

describe('the detector', () => {
  test('scores how far apart probabilities lie, at most 2', () => {
    expect(
      scoreOf(
        [1, 0],
        [
          [0, 1],
          [1, 0],
        ],
      ),
    ).toBe(2);
    expect(
      scoreOf(
        [0.5, 0.5],
        [
          [0.25, 0.75],
          [0.5, 0.5],
        ],
      ),
    ).toBe(0.5);
  });

  test('is sure of what 1 bit and a median leave as it is, and not of a grey between', async () => {
    const { predicted, score } = await detect(
      bright,
      Float32Array.of(...level(0), ...level(1), ...level(0.55)),
      noPause,
    );
    expect([...predicted]).toEqual([0, 1, 0]);
    expect(score[0]).toBeCloseTo(0, 6);
    expect(score[1]).toBeCloseTo(0, 6);
    expect(score[2]).toBeGreaterThan(1.8);
  });
});

describe('PGD that knows the detector', () => {
  const ball = { norm: 'Linf', epsilon: 0.3 } as const;
  const examples = { x: Float32Array.of(...level(0.4), ...level(0.1)), y: Int32Array.of(0, 0), count: 2 };

  test('finds a wrong image that the detector accepts, stays in its ball, and leaves what it cannot turn', async () => {
    const before = tf.memory().numTensors;
    const found = await adaptivePgd(bright, examples, ball, { steps: 20, targets: 1 }, noPause);
    expect(tf.memory().numTensors).toBe(before);
    const { predicted, score } = await detect(bright, found, noPause);
    expect(predicted[0]).toBe(1);
    // The step across the boundary alone, at a mean of 0.6, would score 0.5 and more.
    expect(score[0]).toBeLessThan(0.3);
    for (const value of found.subarray(0, 16)) expect(value).toBeLessThanOrEqual(Math.fround(0.7) + 1e-6);
    expect(found.subarray(16)).toEqual(examples.x.subarray(16));
  });
});

describe('figures count', () => {
  // Scores 1 … 100 on training images: 5 % are above 95.
  const outcomes: Outcomes = {
    'train.score': { shape: [100], data: Float32Array.from({ length: 100 }, (_, i) => i + 1) },
    'clean.y': { shape: [4], data: Uint8Array.of(1, 1, 1, 1) },
    'clean.predicted': { shape: [4], data: Uint8Array.of(1, 1, 1, 2) },
    'clean.score': { shape: [4], data: Float32Array.of(1, 2, 99, 3) },
    ...Object.fromEntries(
      attacks.flatMap(({ id, adaptive }) => [
        [`${id}.predicted`, { shape: [4], data: Uint8Array.of(2, adaptive ? 2 : 1, 2, 2) }],
        [`${id}.score`, { shape: [4], data: Float32Array.of(100, 50, 100, 3) }],
      ]),
    ),
  };
  const ours = (id: string) => detectorExperiment.figures.find((figure) => figure.id === id)?.ours(outcomes).value;

  test('a rejected clean image as wrong, a rejected adversarial one as harmless', () => {
    expect(ours('false-alarms')).toBe(1 / 4);
    expect(ours('accuracy')).toBe(2 / 4);
    // Of the three that were right: one right still, two rejected; the adaptive attack turns the second unseen.
    expect(ours('detected-pgd')).toBe(1);
    expect(ours('detected-adaptive-linf')).toBe(2 / 3);
    expect(ours('robust-linf')).toBe(1 / 4);
  });

  test('curves and areas from the scores of those alone', () => {
    // 100, 100 against 1, 2, 99, 3.
    expect(ours('auc-pgd')).toBe(1);
    expect(ours('auc-adaptive-l2')).toBeCloseTo((4 + 4 + 3) / 12, 12);
    const [chart] = detectorExperiment.charts ?? [];
    const curves = chart?.series(outcomes) ?? [];
    expect(curves.map(({ name }) => name)).toEqual(attacks.map(({ name }) => name));
    for (const { points } of curves) expect(points.at(-1)).toEqual({ x: 1, y: 1 });
    expect(curves[2]?.points[0]).toEqual({ x: 0, y: 2 / 3 });
  });
});
