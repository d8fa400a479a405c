import { describe, expect, it } from 'vitest';
import { fixtureResult, fixtureSubmission } from '../testing/fixtures.ts';
import { boardsOf, bySuite, rankByInterval, rankText } from './board.ts';

const at = (low: number, high: number) => ({ low, high });

describe('rankByInterval', () => {
  it('gives places of their own to rows whose intervals do not meet', () => {
    expect(rankByInterval([at(0, 0.1), at(0.8, 0.9), at(0.3, 0.4)]).map(rankText)).toEqual(['3', '1', '2']);
  });

  it('gives rows whose intervals meet the places they share', () => {
    expect(rankByInterval([at(0.5, 0.7), at(0.6, 0.8), at(0.1, 0.2)]).map(rankText)).toEqual(['1–2', '1–2', '3']);
  });

  it('does not take overlap for something that passes on', () => {
    // The first meets the second and the second the third, but the first is certainly better than the third.
    expect(rankByInterval([at(0.7, 0.9), at(0.5, 0.75), at(0.4, 0.6)]).map(rankText)).toEqual(['1–2', '1–3', '2–3']);
  });

  it('counts touching intervals as a tie, and one row as the first', () => {
    expect(rankByInterval([at(0.5, 0.6), at(0.6, 0.7)]).map(rankText)).toEqual(['1–2', '1–2']);
    expect(rankByInterval([at(0, 1)]).map(rankText)).toEqual(['1']);
  });
});

describe('boardsOf', () => {
  const submissions = new Map(['Alpha', 'Beta'].map((id) => [id, fixtureSubmission({ id })]));
  const track = 'mnist-linf-0.3';

  it('shows the best suite there is and keeps the others apart', () => {
    const results = [
      fixtureResult({ id: 'Alpha', suite: 'quick', track }),
      fixtureResult({ id: 'Alpha', suite: 'v1', track }),
      fixtureResult({ id: 'Beta', suite: 'papernot2016', track }),
    ];
    const board = boardsOf(results, submissions).find((b) => b.track.id === track);
    expect(board?.suite).toBe('v1');
    expect(board?.rows.map((row) => row.submission.id)).toEqual(['Alpha']);
    expect(board?.others.map(({ suite }) => suite)).toEqual(['quick', 'papernot2016']);
  });

  it('trusts AutoAttack more than the suites for a laptop, and v1 more than both', () => {
    const suites = ['quick', 'autoattack-standard', 'v1', 'papernot2016'];
    expect(suites.toSorted(bySuite)).toEqual(['v1', 'autoattack-standard', 'quick', 'papernot2016']);
  });

  it('ranks what answers at random among itself, whatever suite the board is of', () => {
    const random = new Map([...submissions, ['Gamma', fixtureSubmission({ id: 'Gamma', randomised: true })]]);
    const results = [
      fixtureResult({ id: 'Gamma', suite: 'autoattack-rand-100', track, standing: 90 }),
      fixtureResult({ id: 'Alpha', suite: 'quick', track, standing: 10 }),
      fixtureResult({ id: 'Beta', suite: 'quick', track, standing: 60 }),
    ];
    const board = boardsOf(results, random).find((b) => b.track.id === track);
    expect(board?.rows.map((row) => row.submission.id)).toEqual(['Beta', 'Alpha']);
    expect(board?.others).toEqual([]);
    const [group] = board?.randomised ?? [];
    expect(group?.suite).toBe('autoattack-rand-100');
    expect(group?.rows.map(({ submission, rank }) => [submission.id, rank])).toEqual([
      ['Gamma', { best: 1, worst: 1 }],
    ]);
  });

  it('ranks nothing by the protocol of a paper', () => {
    const board = boardsOf([fixtureResult({ id: 'Beta', suite: 'papernot2016', track })], submissions)[0];
    expect(board?.suite).toBeNull();
    expect(board?.rows).toEqual([]);
  });

  it('has every track when there are no results', () => {
    expect(boardsOf([], new Map()).every(({ suite, rows }) => suite === null && rows.length === 0)).toBe(true);
  });

  it('names a result whose submission or track there is not', () => {
    const orphan = fixtureResult({ id: 'Gamma', suite: 'v1', track });
    expect(() => boardsOf([orphan], submissions)).toThrow('results/v1/mnist-linf-0.3/Gamma.json');
    expect(() => boardsOf([fixtureResult({ id: 'Alpha', suite: 'v1', track: 'x' })], submissions)).toThrow("track 'x'");
  });
});
