import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Standing } from '../evidence/standing.ts';
import { lowered } from './lowered.ts';
import { proportion } from './proportion.ts';

/** A row of examples 0, 1, 2, … that ended so. */
function rowOf(ended: readonly Standing[]) {
  const standing = ended.filter((one) => one === 'stands').length;
  const row = { examples: ended.length, robustAccuracy: proportion(standing, ended.length) };
  return { row, standings: new Map(ended.map((one, position) => [position, one])) };
}

const ended = fc.array(fc.constantFrom<Standing>('wrong', 'broken', 'stands'), { minLength: 1, maxLength: 30 });
const evaluation = fc.uniqueArray(fc.nat(40)).map((positions) => new Set(positions));
const evaluations = fc.array(evaluation, { maxLength: 4 });
const value = (of: readonly Standing[], by: readonly ReadonlySet<number>[]) => {
  const { row, standings } = rowOf(of);
  return lowered(row, standings, by).robustAccuracy.value;
};

describe('lowered', () => {
  it('takes away what stood and fell, once, with the interval of what is left', () => {
    const { row, standings } = rowOf(['stands', 'stands', 'broken', 'wrong', 'stands']);
    const result = lowered(row, standings, [new Set([0, 2, 3, 7]), new Set([0, 1])]);
    expect(result.robustAccuracy).toEqual(proportion(1, 5));
    // 7 is no example of the row; 2 and 3 are, and had fallen before.
    expect(result.shares).toEqual([
      { counted: 3, broken: 1 },
      { counted: 2, broken: 2 },
    ]);
  });

  it('leaves a row as it is without evaluations, to the last digit of its interval', () => {
    fc.assert(
      fc.property(ended, (of) => {
        const { row, standings } = rowOf(of);
        expect(lowered(row, standings, []).robustAccuracy).toEqual(row.robustAccuracy);
      }),
    );
  });

  it('can only lower, and more evaluations lower it further or not at all', () => {
    fc.assert(
      fc.property(ended, evaluations, evaluation, (of, by, more) => {
        expect(value(of, by)).toBeLessThanOrEqual(value(of, []));
        expect(value(of, [...by, more])).toBeLessThanOrEqual(value(of, by));
      }),
    );
  });

  it('is the same when an evaluation is named twice, and in any order', () => {
    fc.assert(
      fc.property(ended, evaluations, (of, by) => {
        expect(value(of, [...by, ...by])).toBe(value(of, by));
        expect(value(of, by.toReversed())).toBe(value(of, by));
      }),
    );
  });

  it('counts each example as the definition says: it stands, and nobody broke it', () => {
    fc.assert(
      fc.property(ended, evaluations, (of, by) => {
        const left = of.filter((one, position) => one === 'stands' && !by.some((set) => set.has(position)));
        expect(value(of, by)).toBe(left.length / of.length);
      }),
    );
  });
});
