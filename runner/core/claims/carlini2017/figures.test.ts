/** The figures of this paper, counted from outcomes that are made up. */
import { describe, expect, it } from 'vitest';
import type { Experiment, Outcomes } from '../experiment.ts';
import { judgeExperiment } from '../judge.ts';
import { distanceExperiment } from './distance.ts';
import { nearestExperiments } from './nearest.ts';
import { transferExperiment } from './transfer.ts';

const array = (values: readonly number[]) => ({ shape: [values.length], data: Float32Array.from(values) });

/** The same arrays for every step, or those that depend on the step's id and place. */
function outcomesOf(
  { steps }: Experiment,
  make: (id: string, place: number) => Record<string, readonly number[]>,
): Outcomes {
  return Object.fromEntries(
    steps.flatMap(({ id }, place) =>
      Object.entries(make(id, place)).map(([name, values]) => [`${id}.${name}`, array(values)]),
    ),
  );
}

const oursOf = (experiment: Experiment, outcomes: Outcomes) => {
  const judged = judgeExperiment(experiment, outcomes);
  return (id: string) => judged.find(({ figure }) => figure.id === id)?.ours?.value;
};

const hundred = (of: (row: number) => number) => Array.from({ length: 100 }, (_, row) => of(row));

describe('nearest images', () => {
  it.each(nearestExperiments.map((experiment) => [experiment.id, experiment] as const))(
    '%s: best, average and worst target of each image of which all were reached',
    (_, experiment) => {
      // Of an image: distances 1 to 9 on the plain net, twice that on the other; the first image of every part misses a target.
      const outcomes = outcomesOf(experiment, (id) => ({
        reached: Array.from({ length: 90 }, (__, i) => (i === 4 ? 0 : 1)),
        distance: Array.from({ length: 90 }, (__, i) => (i < 9 ? 1000 : (i % 9) + 1) * (id.startsWith('d') ? 2 : 1)),
      }));
      const ours = oursOf(experiment, outcomes);
      expect(['best', 'average', 'worst'].map((which) => ours(`undistilled-${which}`))).toEqual([1, 5, 9]);
      expect(ours('distilled-average')).toBe(10);
      expect(ours('ratio')).toBe(2);
      expect(ours('undistilled-reached')).toBeCloseTo(89 / 90, 12);
    },
  );
});

describe('transfer', () => {
  it('is of the images that fool the net they were made for', () => {
    const outcomes = outcomesOf(transferExperiment, () => ({
      y: hundred(() => 3),
      // Fifty fool the plain net; twenty of these the other as well, and so do ten that were no images of an attack.
      fooled: hundred((row) => Number(row < 50)),
      distilled: hundred((row) => (row < 20 || row >= 90 ? 5 : 3)),
      length: hundred(() => 1),
    }));
    expect(oursOf(transferExperiment, outcomes)('k40')).toBeCloseTo(20 / 50, 12);
  });
});

describe('distance over temperature', () => {
  it('is of the images whose target was reached, and correlates with temperature where it grows with it', () => {
    const temperatures = [0, 1, 2, 5, 10, 20, 30, 40, 50, 100];
    const outcomes = outcomesOf(distanceExperiment, (_, place) => ({
      reached: hundred((row) => Number(row > 0)),
      length: hundred((row) =>
        row === 0 ? 1000 : 3 + (temperatures[place] as number) / 100 + (row % 2 ? 1 : -1) / 10,
      ),
    }));
    const ours = oursOf(distanceExperiment, outcomes);
    expect(ours('correlation')).toBeGreaterThan(0.999);
    expect(ours('reached')).toBe(0.99);
    expect(ours('ratio')).toBeCloseTo(4 / 3, 2);
  });
});
