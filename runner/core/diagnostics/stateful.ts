import type { Diagnostic } from './diagnostic.ts';
import { moved } from './moved.ts';

/** Largest distance of two logits, each brought to length 1, that is put down to rounding. */
const THRESHOLD = 1e-4;

/** A defense that learns or counts at inference is another one for every attack. */
export const stateful: Diagnostic = ({ probes }) => {
  const value = moved(probes.state, THRESHOLD);
  if (value === null) return null;
  return {
    id: 'stateful',
    level: 'failure',
    message: 'The model answers differently after it was attacked than before: it keeps a state',
    value,
  };
};
