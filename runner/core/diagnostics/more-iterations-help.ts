import { beyondSuite } from './beyond-suite.ts';
import type { Diagnostic } from './diagnostic.ts';
import { percent } from './percent.ts';

/**
 * An attack that breaks more with twice the iterations had too few.
 *
 * Source: Carlini et al., "On Evaluating Adversarial Robustness", 2019, https://arxiv.org/abs/1902.06705, checklist.
 */
export const moreIterationsHelp: Diagnostic = ({ probes }) => {
  const value = beyondSuite(probes['more-iterations']);
  if (value === null) return null;
  return {
    id: 'more-iterations-help',
    level: 'warning',
    message: `The strongest attack, with twice the iterations, breaks ${percent(value)} of the examples beyond what the suite broke`,
    value,
  };
};
