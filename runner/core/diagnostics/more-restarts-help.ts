import { beyondSuite } from './beyond-suite.ts';
import type { Diagnostic } from './diagnostic.ts';
import { percent } from './percent.ts';

/**
 * An attack that breaks more when it is run again had too few restarts.
 *
 * Source: Carlini et al., "On Evaluating Adversarial Robustness", 2019, https://arxiv.org/abs/1902.06705, checklist.
 */
export const moreRestartsHelp: Diagnostic = ({ probes }) => {
  const value = beyondSuite(probes['more-restarts']);
  if (value === null) return null;
  return {
    id: 'more-restarts-help',
    level: 'warning',
    message: `The strongest attack, run once more with other draws, breaks ${percent(value)} of the examples beyond what the suite broke`,
    value,
  };
};
