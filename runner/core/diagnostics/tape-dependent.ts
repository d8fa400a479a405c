import type { Diagnostic } from './diagnostic.ts';
import { moved } from './moved.ts';

/** Largest distance of two logits, each brought to length 1, that is put down to rounding. */
const THRESHOLD = 1e-4;

/** A defense must be the same whether or not it is differentiated. */
export const tapeDependent: Diagnostic = ({ probes }) => {
  const value = moved(probes.tape, THRESHOLD);
  if (value === null) return null;
  return {
    id: 'tape-dependent',
    level: 'failure',
    message: 'The model answers differently while gradients are computed: attacks see another model than the judge',
    value,
  };
};
