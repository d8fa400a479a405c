import type { Diagnostic } from './diagnostic.ts';

/** A run on fewer examples than the suite asks for cannot be compared with one on all. */
export const partial: Diagnostic = ({ suite: { suite }, numbers }) => {
  if (numbers.examples >= suite.examples.count) return null;
  return {
    id: 'partial',
    level: 'info',
    message: `${numbers.examples} of the ${suite.examples.count} examples of suite ${suite.id}`,
    value: numbers.examples,
  };
};
