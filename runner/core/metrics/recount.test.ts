import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SuiteAttack } from '../suites/suite.ts';
import { findTrack } from '../tracks.ts';
import { curve } from './curve.ts';
import { median } from './median.ts';
import type { LineOutcomes, Outcomes } from './outcomes.ts';
import { recount } from './recount.ts';

const track = findTrack('mnist-l2-2');
const line = (id: string, targets: SuiteAttack['targets'] = 'untargeted'): SuiteAttack => ({
  id,
  attack: id,
  options: {},
  targets,
  ball: 'unbounded',
});

function lineOutcomes(
  id: string,
  codes: number[],
  distances: number[],
  targets?: SuiteAttack['targets'],
): LineOutcomes {
  const rowsPerExample = targets === 'all' ? 2 : 1;
  return {
    line: line(id, targets),
    rowsPerExample,
    code: Uint8Array.from(codes),
    distance: Float64Array.from(distances),
    trackDistance: Float64Array.from(distances),
  };
}

/** Four examples, the last of them wrong from the start. */
const outcomes: Outcomes = {
  examples: Int32Array.of(0, 1, 2, 3),
  predictions: Int32Array.of(5, 6, 7, -1),
  y: Int32Array.of(5, 6, 7, 8),
  lines: [lineOutcomes('a', [2, 0, 1, 2], [1.5, 0, 3, 0]), lineOutcomes('b', [0, 2, 0, 2], [0, 2, 0, 0])],
  nearest: Float64Array.of(1.5, 2, 3, 0),
};

describe('recount', () => {
  const numbers = recount(outcomes, { track, suite: {} });

  it('counts clean accuracy of the scanned and robust accuracy by the worst case of each example', () => {
    expect(numbers.cleanAccuracy.value).toBe(0.75);
    expect(numbers.robustAccuracy.value).toBe(0.25);
    expect(numbers.examples).toBe(4);
  });

  it('counts a line against those first right, in its own ball, and against all, in the track’s', () => {
    const [a, b] = numbers.lines;
    expect(a).toMatchObject({ attempted: 4, medianDistance: 2.25, pairs: null });
    expect(a?.successRate.value).toBeCloseTo(2 / 3);
    expect(a?.robustAccuracy.value).toBe(0.5);
    expect(b?.successRate.value).toBeCloseTo(1 / 3);
    expect(b?.robustAccuracy.value).toBe(0.5);
  });

  it('draws a curve that starts at clean accuracy and passes through robust accuracy at the track’s ε', () => {
    expect(numbers.curve).toEqual([
      { epsilon: 0, robustAccuracy: 0.75 },
      { epsilon: 1.5, robustAccuracy: 0.5 },
      { epsilon: 2, robustAccuracy: 0.25 },
      { epsilon: 3, robustAccuracy: 0 },
    ]);
  });

  it('rates pairs of all image-target pairs, the headline line’s as the result’s', () => {
    const pairs = lineOutcomes('t', [1, 0, 2, 2, 0, 0, 0, 1], [9, 0, 1, 1, 0, 0, 0, 9], 'all');
    const counted = recount({ ...outcomes, lines: [pairs] }, { track, suite: { headline: 't' } });
    expect(counted.pairs).toMatchObject({ attempted: 8, successes: 4 });
    expect(counted.pairs?.successRate.value).toBe(0.5);
  });

  it('in a cascade counts a line against what those before it left standing', () => {
    const lines = [lineOutcomes('a', [2, 0, 1, 0], [1, 0, 3, 0]), lineOutcomes('b', [0, 2, 0, 0], [0, 1, 0, 0])];
    const [a, b] = recount({ ...outcomes, lines }, { track, suite: { cascade: true } }).lines;
    expect(a).toMatchObject({ attempted: 3, robustAccuracy: { value: 0.5 } });
    // Beyond the ball is not broken: example 2 is met again.
    expect(b).toMatchObject({ attempted: 2, successRate: { value: 0.5 }, robustAccuracy: { value: 0.25 } });
  });

  it('counts a line that meets only the first examples against those', () => {
    const sampled = lineOutcomes('a', [2, 0, 0, 0], [1, 0, 0, 0]);
    const lines = [{ ...sampled, line: { ...sampled.line, examples: 2 } }];
    const [a] = recount({ ...outcomes, lines }, { track, suite: {} }).lines;
    expect(a).toMatchObject({ attempted: 2, successRate: { value: 0.5 }, robustAccuracy: { value: 0.5 } });
  });

  it('survives no example at all', () => {
    const none = {
      ...outcomes,
      examples: new Int32Array(),
      nearest: new Float64Array(),
      lines: [lineOutcomes('a', [], [])],
    };
    expect(recount(none, { track, suite: {} }).robustAccuracy).toEqual({ value: 0, low: 0, high: 1 });
  });
});

describe('curve', () => {
  it('never rises, never exceeds about 50 points, and is exact at its points', () => {
    const distances = fc.array(fc.oneof(fc.constant(-1), fc.double({ min: 0, max: 4, noNaN: true })), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(distances, (values) => {
        const nearest = Float64Array.from(values);
        const right = values.map((_, i) => i % 5 !== 0);
        const points = curve(right, nearest, 2);
        expect(points.length).toBeLessThanOrEqual(53);
        expect(points[0]?.epsilon).toBe(0);
        points.forEach(({ epsilon, robustAccuracy }, i) => {
          expect(robustAccuracy).toBeLessThanOrEqual(points[i - 1]?.robustAccuracy ?? 1);
          const standing = values.filter((d, j) => right[j] && (d < 0 || d > epsilon)).length;
          expect(robustAccuracy).toBe(values.length === 0 ? 0 : standing / values.length);
        });
        expect(points.some((p) => p.epsilon === 2)).toBe(true);
      }),
    );
  });
});

describe('median', () => {
  it('is the middle value, the mean of two, or nothing', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNull();
  });
});
