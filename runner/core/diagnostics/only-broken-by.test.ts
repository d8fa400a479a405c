import { describe, expect, it } from 'vitest';
import { outcome } from '../metrics/outcomes.ts';
import { proportion } from '../metrics/proportion.ts';
import { untargeted } from '../suites/lines.ts';
import { resolveSuite } from '../suites/resolve.ts';
import type { Suite, SuiteAttack } from '../suites/suite.ts';
import { findTrack } from '../tracks.ts';
import { blackBoxBeatsWhiteBox } from './black-box-beats-white-box.ts';
import type { Observations } from './diagnostic.ts';
import { noiseBeatsGradient } from './noise-beats-gradient.ts';
import { onlyBrokenBy } from './only-broken-by.ts';
import { squareLowers } from './square-lowers.ts';
import { transferBeatsWhiteBox } from './transfer-beats-white-box.ts';
import { transferFailure } from './transfer-failure.ts';

const pgd = untargeted('pgd', 'pgd');
const square = untargeted('square', 'square');
const noise = untargeted('noise', 'noise');
const transfer: SuiteAttack = { ...untargeted('transfer', 'transfer'), surrogates: ['Other'] };

/** Observations of lines, each with the examples of ten that it broke; number 9 is wrong from the start. */
function seen(lines: readonly [SuiteAttack, readonly number[]][], changes: Partial<Suite> = {}): Observations {
  const suite = resolveSuite(
    {
      id: 'test',
      title: 'Test',
      description: '',
      attacks: { 'mnist-linf-0.3': lines.map(([line]) => line) },
      examples: { count: 10, which: 'first' },
      chunk: 10,
      evidence: { images: 'examples', limit: 10 },
      ...changes,
    },
    findTrack('mnist-linf-0.3'),
  );
  const outcomes = lines.map(([, broken], i) => {
    const code = new Uint8Array(10).map((_, e) => (broken.includes(e) ? outcome.broken : outcome.held));
    return {
      line: suite.lines[i] as SuiteAttack,
      rowsPerExample: 1,
      code,
      distance: new Float64Array(10),
      trackDistance: new Float64Array(10),
    };
  });
  const right = Array.from({ length: 10 }, (_, i) => i < 9);
  return { suite, outcomes, right } as unknown as Observations;
}

const isSquare = ({ attack }: SuiteAttack) => attack === 'square';
const isPgd = ({ attack }: SuiteAttack) => attack === 'pgd';

describe('what only some lines broke', () => {
  it('is counted example by example, not by rates', () => {
    const both = seen([
      [pgd, [0, 1, 2, 3]],
      [square, [3, 4]],
    ]);
    expect(onlyBrokenBy(both, isSquare, isPgd)).toBe(0.1);
    expect(onlyBrokenBy(both, isPgd, isSquare)).toBe(0.3);
  });

  it('leaves out what was wrong from the start, and is null without lines of both kinds', () => {
    expect(
      onlyBrokenBy(
        seen([
          [pgd, []],
          [square, [9]],
        ]),
        isSquare,
        isPgd,
      ),
    ).toBe(0);
    expect(onlyBrokenBy(seen([[square, [1]]]), isSquare, isPgd)).toBeNull();
  });

  it('keeps to the examples that both kinds meet', () => {
    const sampled = seen([
      [pgd, [0]],
      [{ ...square, examples: 5 }, [0, 4]],
    ]);
    expect(onlyBrokenBy(sampled, isSquare, isPgd)).toBe(0.2);
    const early = seen([
      [{ ...pgd, examples: 5 }, [0]],
      [square, [0, 4, 7]],
    ]);
    expect(onlyBrokenBy(early, isSquare, isPgd)).toBe(0.2);
  });

  it('in a cascade does not blame a line for examples that it never met', () => {
    const lines = (first: SuiteAttack, second: SuiteAttack) =>
      seen(
        [
          [first, [0, 1]],
          [second, [2]],
        ],
        { cascade: true },
      );
    expect(onlyBrokenBy(lines(pgd, square), isSquare, isPgd)).toBe(0.1);
    expect(onlyBrokenBy(lines(square, pgd), isSquare, isPgd)).toBe(0);
  });
});

describe('flags of attacks that beat others', () => {
  const flag = (square: readonly number[], others: readonly number[] = []) =>
    seen([
      [pgd, [0, 1]],
      [noise, others],
      [untargeted('square', 'square'), square],
    ]);

  it('say that Square lowers what all others left, and that scores beat gradients', () => {
    expect(squareLowers(flag([2]))).toMatchObject({ id: 'square-lowers', value: 0.1 });
    expect(blackBoxBeatsWhiteBox(flag([2]))).toMatchObject({ id: 'black-box-beats-white-box', value: 0.1 });
    expect([squareLowers(flag([0])), blackBoxBeatsWhiteBox(flag([0]))]).toEqual([null, null]);
  });

  it('tell noise from attacks that search', () => {
    expect(noiseBeatsGradient(flag([], [2]))).toMatchObject({ id: 'noise-beats-gradient', value: 0.1 });
    expect(blackBoxBeatsWhiteBox(flag([], [2]))).toBeNull();
    expect(squareLowers(flag([2], [2]))).toBeNull();
  });

  it('say that transferred images beat gradients', () => {
    const flagOf = (broken: readonly number[]) =>
      transferBeatsWhiteBox(
        seen([
          [pgd, [0, 1]],
          [transfer, broken],
        ]),
      );
    expect(flagOf([1, 2])).toMatchObject({ id: 'transfer-beats-white-box', value: 0.1 });
    expect(flagOf([0, 1])).toBeNull();
  });

  it('say that nothing but transferred images met what stands', () => {
    const flagOf = (lines: readonly SuiteAttack[], standing: number) =>
      transferFailure({
        ...seen(lines.map((line) => [line, []])),
        numbers: { robustAccuracy: proportion(standing, 10) } as Observations['numbers'],
      });
    expect(flagOf([transfer, noise], 4)).toMatchObject({ id: 'transfer-failure', value: 0.4 });
    expect(flagOf([transfer, noise], 0)).toBeNull();
    for (const line of [pgd, square, untargeted('hop-skip-jump', 'hop-skip-jump')])
      expect(flagOf([transfer, line], 4)).toBeNull();
  });

  it('have the thresholds of their sources: more than 0.2 % for Square, more than 1 % for the others', () => {
    const of = (count: number, broken: number) => {
      const code = (some: number) => new Uint8Array(count).map((_, e) => (e < some ? outcome.broken : outcome.held));
      const { suite } = flag([]);
      const outcomes = suite.lines.map((line, i) => ({ line, rowsPerExample: 1, code: code(i === 2 ? broken : 0) }));
      return { suite, outcomes, right: new Array(count).fill(true) } as unknown as Observations;
    };
    expect([squareLowers(of(1000, 2)), squareLowers(of(1000, 3))]).toEqual([null, expect.anything()]);
    expect([blackBoxBeatsWhiteBox(of(1000, 10)), blackBoxBeatsWhiteBox(of(1000, 11))]).toEqual([
      null,
      expect.anything(),
    ]);
  });
});
