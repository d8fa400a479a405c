import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { linear, scaled } from '../../testing/classifiers.ts';
import type { Outcomes, StepContext } from '../experiment.ts';
import { judgeExperiment } from '../judge.ts';
import { values } from '../outcomes-file.ts';
import { attackPairs } from './pairs.ts';
import { temperatures } from './temperatures.ts';

/** Images of 16 pixels: class 1 where their sum is above 8, else class 0, and never one of the others. */
const CLASSES = 10;
const weights = Float32Array.from({ length: 16 * CLASSES }, (_, i) => Number(i % CLASSES === 1));
const net = linear(
  weights,
  Float32Array.from({ length: CLASSES }, (_, c) => (c === 0 ? 8 : c === 1 ? 0 : -10)),
);
/** Of the nine pairs of an image, the one towards class 1 comes first. */
const first = (name: string) => Array.from(values(outcomes, name)).filter((_, i) => i % 9 === 0);
/** The same answers from a softmax that is flat in float32. */
const saturated = scaled(net, 1000);
/** The last is class 1, to the net and in truth but for the label. */
const levels = [0.4, 0.2, 0.95, 0.95];
const y = Int32Array.of(0, 0, 1, 0);
const x = Float32Array.from({ length: 64 }, (_, i) => levels[Math.floor(i / 16)] as number);
const images = { x, y, count: 4 };

const context: StepContext = {
  seed: 0,
  test: () => images,
  train: () => images,
  net: (id) => (id === 'undistilled' ? net : saturated),
  gan: () => {
    throw new Error('none');
  },
  evidence: () => ({}),
  pause: async () => {},
};

const experiment = temperatures('mnist');
let outcomes: Outcomes;

beforeAll(async () => {
  await tf.setBackend('cpu');
  const found: Record<string, Outcomes[string]> = {};
  for (const step of experiment.steps)
    for (const [name, data] of Object.entries(await step.run(context))) found[`${step.id}.${name}`] = data;
  outcomes = found;
});

const figure = (id: string) => judgeExperiment(experiment, outcomes).find((one) => one.figure.id === id);
const chart = (id: string) => experiment.charts?.find((one) => one.id === id)?.series(outcomes);

describe('the temperature curve', () => {
  it('counts the pairs of images that are right, and the values that changed', () => {
    // A pair of pixels adds 1.2 to a sum of 6.4, and 1.6 to one of 3.2; nothing that grows makes the third darker.
    expect(first('undistilled.reached')).toEqual([1, 1, 0]);
    expect(first('undistilled.changed')).toEqual([4, 8, 0]);
    expect(figure('undistilled')?.ours?.value).toBeCloseTo(2 / 27, 12);
  });

  it('tells an attack without a gradient from one that changed all it may', () => {
    expect(figure('t20')?.ours?.value).toBe(0);
    expect(figure('t1')?.gap).toContain('27 pairs that are not reached the attack ran out of gradient for 27');
    expect(chart('missed')?.map(({ points }) => points[0]?.y)).toEqual([1, 0]);
  });

  it('is undone by dividing the logits by what they were multiplied by', async () => {
    const { reached, changed } = await attackPairs(context, 't100', 1000);
    expect(reached?.data).toEqual(outcomes['undistilled.reached']?.data);
    expect(changed?.data).toEqual(outcomes['undistilled.changed']?.data);
  });

  it('measures amplitudes that float32 cannot hold, and what distillation does to them', () => {
    // Saturated by 1,000 times the scores: the amplitude falls by as many powers of ten as e has to the lead.
    const [before, after] = ['undistilled', 't100'].map((id) => Array.from(values(outcomes, `${id}.amplitude`)));
    expect(before?.[1]).toBeCloseTo(Math.log10((2 * Math.exp(-4.8)) / (1 + Math.exp(-4.8)) ** 2 / CLASSES), 4);
    expect(after?.[1]).toBeCloseTo(-4800 / Math.LN10 + Math.log10((2 * 1000) / CLASSES), 1);
    expect(figure('smallest-amplitudes')?.ours?.value).toBe(1);
    expect(chart('amplitudes')?.map(({ name, points }) => [name, points[0]?.y])).toContainEqual(['below 10⁻⁴⁰', 1]);
  });

  it('compares accuracies image by image', () => {
    expect(Array.from(outcomes['t1.mistaken']?.data as Uint16Array)).toEqual([3]);
    expect(figure('variation')?.ours?.value).toBe(0);
    expect(chart('accuracy')?.[0]?.points[0]).toEqual({ x: 1, y: 0.75 });
  });

  it('has every temperature of the paper, between the nets of the board', () => {
    expect(experiment.nets.map(({ id }) => id)).toEqual(experiment.steps.map(({ id }) => id));
    expect(experiment.nets.filter((one) => 'submission' in one).map(({ id }) => id)).toEqual(['undistilled', 't100']);
  });
});
