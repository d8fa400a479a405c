import type { Diagnostic } from './diagnostic.ts';
import { moved } from './moved.ts';

/** Largest distance of two logits, each brought to length 1, that is put down to rounding. Rounding depends on the shape of a batch; this is ten times what is seen on any backend. */
const THRESHOLD = 1e-3;

/** A defense may look at one image at a time; one that uses the others of a batch fails when it meets one alone. */
export const batchDependent: Diagnostic = ({ probes }) => {
  const value = moved(probes['batch-composition'], THRESHOLD);
  if (value === null) return null;
  return {
    id: 'batch-dependent',
    level: 'failure',
    message: 'The answer to an image depends on what else is in its batch: it is no answer to that image',
    value,
  };
};
