import { describe, expect, it } from 'vitest';
import { groupedShare, meanOfFew, share } from './estimate.ts';

const groups = (hits: readonly number[], size: number) =>
  hits.map((count) => Array.from({ length: size }, (_, i) => i < count));

describe('groupedShare', () => {
  it('is as sure as of things drawn apart where groups differ no more than chance has them differ', () => {
    const even = groupedShare(groups([1, 2, 1, 2, 1, 2], 3));
    expect(even).toEqual(share(9, 18));
  });

  it('knows no more than of the groups where all things of one come out alike', () => {
    const { value, low, high } = groupedShare(groups([9, 9, 0, 9, 0, 9, 9, 9, 0, 9], 9));
    const ofGroups = share(7, 10);
    expect(value).toBeCloseTo(0.7, 12);
    // The variance over groups has one less in its divisor.
    expect(low).toBeLessThan(ofGroups.low);
    expect(high - low).toBeCloseTo(ofGroups.high - ofGroups.low, 1);
  });

  it('counts a group once where all came out alike, which says nothing of how they hang together', () => {
    expect(groupedShare(groups(Array(100).fill(0), 9))).toEqual(share(0, 100));
    expect(groupedShare(groups(Array(100).fill(9), 9))).toEqual(share(100, 100));
  });

  it('weighs groups by their size, and knows nothing of none', () => {
    expect(groupedShare([[true], [true, false, false]]).value).toBe(0.5);
    expect(groupedShare([])).toEqual(share(0, 0));
    expect(groupedShare([[], []])).toEqual(share(0, 0));
  });
});

describe('meanOfFew', () => {
  it('is wider than of many, by Student’s t of two degrees of freedom', () => {
    const { value, low, high } = meanOfFew([1, 2, 3], 'number');
    expect(value).toBe(2);
    expect(high - value).toBeCloseTo(4.302652729911275 / Math.sqrt(3), 12);
    expect(value - low).toBeCloseTo(high - value, 12);
  });

  it('refuses numbers of values that it has no quantile of', () => {
    expect(() => meanOfFew([1, 2], 'number')).toThrow(RangeError);
  });
});
