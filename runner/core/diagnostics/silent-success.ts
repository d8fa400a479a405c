import type { Diagnostic } from './diagnostic.ts';
import { percent } from './percent.ts';

/** Share of a line's rows that rounding at the edge of a decision may account for; ours. */
const THRESHOLD = 0.01;

/**
 * An attack that passes over an adversarial image and hands back another has been graded on the wrong one: by a fault of its own, or
 * because the model's answer did not last.
 *
 * Source: Pintor et al., "Indicators of Attack Failure", NeurIPS 2022, https://arxiv.org/abs/2106.09947, I3.
 */
export const silentSuccess: Diagnostic = ({ lines, numbers }) => {
  let worst = { line: '', share: 0 };
  for (const [i, { line, lost }] of lines.entries()) {
    const share = lost / Math.max(1, numbers.lines[i]?.attempted ?? 0);
    if (share > worst.share) worst = { line: line.id, share };
  }
  if (worst.share <= THRESHOLD) return null;
  return {
    id: 'silent-success',
    level: 'warning',
    message: `${worst.line} met adversarial images of ${percent(worst.share)} of the examples, and what it returned is none`,
    value: Math.min(1, worst.share),
  };
};
