import type { Proportion } from '../result.ts';
import type { Claim, Figure } from './claim.ts';

/**
 * 'reproduced' and 'differs' compare with what the paper printed; 'broken' and 'holds' say what a stronger attack makes of its
 * claim; 'not measured' is the lack of a result.
 */
export type Verdict = 'reproduced' | 'differs' | 'broken' | 'holds' | 'not measured';

function overlap(a: Proportion, b: Proportion): boolean {
  return a.low <= b.high && b.low <= a.high;
}

/**
 * A number is reproduced when its 95 % interval meets the paper's. A claim of few successes is broken by an attack whose
 * interval lies wholly above the paper's.
 *
 * @param ours null when there is no result
 */
export function verdict(claim: Claim, figure: Figure, ours: Proportion | null): Verdict {
  if (ours === null) return 'not measured';
  if (figure.theirs !== null) return overlap(figure.theirs, ours) ? 'reproduced' : 'differs';
  const claimed = claim.figures.find(({ id }) => id === figure.against)?.theirs;
  return claimed && ours.low > claimed.high ? 'broken' : 'holds';
}
