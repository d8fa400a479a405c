import type { Proportion } from '../result.ts';
import type { Claim, Figure } from './claim.ts';
import type { ExperimentFigure } from './experiment.ts';

/** What became of a number, or of all the numbers of a paper. */
export type Verdict = 'reproduced' | 'partly' | 'not' | 'broken later' | 'not measured';

type Range = Pick<Proportion, 'low' | 'high'>;

type Bounds = Partial<Range>;

function overlap(a: Range, b: Range): boolean {
  return a.low <= b.high && b.low <= a.high;
}

/** Whether nothing was counted: of a share of no things all from 0 to 1 may be true, and of no other. */
function isOfNothing({ low, high }: Range): boolean {
  return low === 0 && high === 1;
}

/**
 * Of a number of a suite. It is reproduced when its 95 % interval meets the paper's and the conclusion stands that the paper draws from it,
 * and partly so when only the conclusion stands. A claim of few successes is broken later by an attack whose interval lies wholly above the
 * paper's.
 *
 * @param ours null when there is no result
 */
export function verdict(claim: Pick<Claim, 'figures'>, figure: Figure, ours: Proportion | null): Verdict {
  if (ours === null || isOfNothing(ours)) return 'not measured';
  if (figure.theirs !== null) return compared(figure.theirs, figure.stands, ours);
  const claimed = claim.figures.find(({ id }) => id === figure.against)?.theirs;
  return claimed && ours.low > claimed.high ? 'broken later' : 'reproduced';
}

/**
 * Of a number of an experiment, by the same rule; what a paper says in words alone is reproduced where all of our interval lies in it, and
 * partly where our number does.
 */
export function experimentVerdict(
  { theirs, stands }: Pick<ExperimentFigure, 'theirs' | 'stands'>,
  ours: (Range & { readonly value: number }) | null,
): Verdict {
  if (ours === null || isOfNothing(ours)) return 'not measured';
  if (theirs !== null) return compared(theirs, stands, ours);
  if (!within(stands, ours.value)) return 'not';
  return within(stands, ours.low) && within(stands, ours.high) ? 'reproduced' : 'partly';
}

/** @param stands without it a number is reproduced or not */
function compared(theirs: Range, stands: Bounds | undefined, ours: Range & { readonly value: number }): Verdict {
  if (stands !== undefined && !within(stands, ours.value)) return 'not';
  if (overlap(theirs, ours)) return 'reproduced';
  return stands === undefined ? 'not' : 'partly';
}

function within({ low = Number.NEGATIVE_INFINITY, high = Number.POSITIVE_INFINITY }: Bounds, value: number) {
  return low <= value && value <= high;
}

/** Of a paper: what its measured numbers say together. */
export function overall(verdicts: readonly Verdict[]): Verdict {
  const measured = verdicts.filter((one) => one !== 'not measured');
  if (measured.length === 0) return 'not measured';
  if (measured.includes('broken later')) return 'broken later';
  if (measured.every((one) => one === 'reproduced')) return 'reproduced';
  return measured.every((one) => one === 'not') ? 'not' : 'partly';
}
