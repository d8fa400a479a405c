import type { Reading } from './probes/probe.ts';

/** Times by which a difference must exceed that of two passes in a row: a randomised model differs from itself anyway. */
const BEYOND_CHANCE = 3;

/**
 * What a probe of behaviour found, if it is remarkable.
 * @param threshold difference of logits, each brought to length 1, that is put down to rounding
 * @returns the difference, or null
 */
export function moved(reading: Reading | undefined, threshold: number): number | null {
  const { logitDifference = 0, repeatDifference = 0 } = reading ?? {};
  return logitDifference > Math.max(threshold, BEYOND_CHANCE * repeatDifference) ? logitDifference : null;
}
