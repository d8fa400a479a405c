import { describe, expect, it } from 'vitest';
import { outcome } from '../metrics/outcomes.ts';
import { untargeted } from '../suites/lines.ts';
import { resolveSuite } from '../suites/resolve.ts';
import type { Suite, SuiteAttack } from '../suites/suite.ts';
import { findTrack } from '../tracks.ts';
import { blackBoxBeatsWhiteBox } from './black-box-beats-white-box.ts';
import type { Observations } from './diagnostic.ts';
import { noiseBeatsGradient } from './noise-beats-gradient.ts';
import { onlyBrokenBy } from './only-broken-by.ts';
import { squareLowers } from './square-lowers.ts';

const pgd = untargeted('pgd', 'pgd');
const square = untargeted('square', 'square');
const noise = untargeted('noise', 'noise');

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
});
