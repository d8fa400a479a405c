import type { Diagnostic } from './diagnostic.ts';
import { moved } from './moved.ts';

/** Largest distance of two logits, each brought to length 1, that is put down to rounding. */
const THRESHOLD = 1e-4;

/** A defense that remembers is another one for every attack. */
export const orderDependent: Diagnostic = ({ probes }) => {
  const value = moved(probes['call-order'], THRESHOLD);
  if (value === null) return null;
  return {
    id: 'order-dependent',
    level: 'failure',
    message: 'The answer to an image depends on the calls before: attacks and judge meet different models',
    value,
  };
};
