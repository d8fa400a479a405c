import { linesOfOneDraw } from '../suites/resolve.ts';
import type { Diagnostic } from './diagnostic.ts';

/** Largest distance between two passes' logits of one image, each brought to length 1, that is put down to rounding. */
const THRESHOLD = 1e-4;

/**
 * A model that answers the same images differently each time has to be attacked over its draws, not in one of them.
 *
 * Source: AutoAttack, check_randomized, with its threshold, https://github.com/fra31/auto-attack.
 */
export const randomised: Diagnostic = ({ probes, suite }) => {
  const reading = probes.repeats;
  if (reading === undefined) return null;
  const { correctSpread = 0, logitDifference = 0 } = reading;
  if (correctSpread === 0 && logitDifference <= THRESHOLD) return null;
  const averages = linesOfOneDraw(suite).length === 0;
  return {
    id: 'randomised',
    level: averages ? 'info' : 'warning',
    message: averages
      ? 'The model gives different logits for the same images; every line of the suite averages over its draws'
      : 'The model gives different logits for the same images: attacks that do not average over its draws are too weak',
    value: logitDifference,
  };
};
