import { describe, expect, it } from 'vitest';
import { proportion } from '../metrics/proportion.ts';
import { findSuite } from '../suites/index.ts';
import { resolveSuite } from '../suites/resolve.ts';
import { findTrack } from '../tracks.ts';
import type { Figure } from './claim.ts';
import { claims, findClaim } from './index.ts';
import { printedRate } from './papernot2016/rates.ts';
import { experimentVerdict, verdict } from './verdict.ts';

const claim = findClaim('papernot2016');
const figure = (id: string) => claim.figures.find((candidate) => candidate.id === id) as Figure;

describe.each(claims)('claim $id', ({ figures }) => {
  it('measures every figure by a suite that serves its track', () => {
    for (const { suite, track } of figures)
      expect(resolveSuite(findSuite(suite), findTrack(track)).lines.length).toBeGreaterThan(0);
  });

  it('names its figures apart, and what a stronger attack is held against', () => {
    expect(new Set(figures.map(({ id }) => id)).size).toBe(figures.length);
    for (const { theirs, against } of figures)
      if (theirs === null) expect(figures.some(({ id }) => id === against)).toBe(true);
  });
});

describe('papernot2016', () => {
  it('prints rates of whole pairs: 863 and 4 of 900', () => {
    expect(figure('mnist-jsma-undistilled').theirs).toEqual(proportion(863, 900));
    expect(figure('mnist-jsma-t100').theirs).toEqual(proportion(4, 900));
  });

  it('gives values that were read off a figure the error of the reading', () => {
    const { low, high } = printedRate(1.34, false);
    expect(low).toBeCloseTo(proportion(12, 900).low - 0.003, 10);
    expect(high).toBeCloseTo(proportion(12, 900).high + 0.003, 10);
  });
});

describe('verdict', () => {
  const headline = figure('mnist-jsma-t100');
  const stronger = figure('mnist-jsma-logits-t100');

  it.each([
    [headline, proportion(4, 900), 'reproduced'],
    [headline, proportion(10, 900), 'reproduced'],
    [headline, proportion(60, 900), 'partly'],
    [headline, proportion(600, 900), 'not'],
    [stronger, proportion(890, 900), 'broken later'],
    [stronger, proportion(5, 900), 'reproduced'],
    [stronger, null, 'not measured'],
    [headline, proportion(0, 0), 'not measured'],
  ] as const)('%#: is read off the intervals', (one, ours, expected) => {
    expect(verdict(claim, one, ours)).toBe(expected);
  });
});

describe('verdict of an experiment', () => {
  const theirs = { value: -0.05, low: -0.055, high: -0.045, unit: 'number' } as const;
  const stands = { high: 0.5, words: 'at most 0.5' };
  const ours = (value: number, low: number, high: number) => ({ value, low, high });

  it.each([
    [theirs, ours(0.1, -0.6, 0.7), 'reproduced'],
    // So wide an interval meets anything; the conclusion falls.
    [theirs, ours(0.6, -0.11, 0.9), 'not'],
    [theirs, ours(0.4, 0.2, 0.6), 'partly'],
    [null, ours(0.3, 0.2, 0.4), 'reproduced'],
    [null, ours(0.4, 0.2, 0.6), 'partly'],
    [null, ours(0.6, 0.4, 0.8), 'not'],
    // Counted of nothing.
    [null, ours(0, 0, 1), 'not measured'],
    [theirs, null, 'not measured'],
  ] as const)('%#: is read off interval and conclusion', (printed, measured, expected) => {
    expect(experimentVerdict({ theirs: printed, stands }, measured)).toBe(expected);
  });
});
