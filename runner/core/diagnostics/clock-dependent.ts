import type { Diagnostic } from './diagnostic.ts';
import { moved } from './moved.ts';

/** Largest distance of two logits, each brought to length 1, that is put down to rounding. */
const THRESHOLD = 1e-4;

/** A defense must be the same on every day. */
export const clockDependent: Diagnostic = ({ probes }) => {
  const value = moved(probes.clock, THRESHOLD);
  if (value === null) return null;
  return {
    id: 'clock-dependent',
    level: 'failure',
    message: 'The answer depends on the clock: this number holds for today',
    value,
  };
};
