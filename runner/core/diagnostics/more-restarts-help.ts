import type { Diagnostic } from './diagnostic.ts';
import { percent } from './percent.ts';

/** Share of the examples by which a number that has converged may still fall, and how many they may always be; ours. */
const THRESHOLD = 0.01;
const FEW = 1;

/**
 * An attack that breaks more when it is run again had too few restarts.
 *
 * Source: Carlini et al., "On Evaluating Adversarial Robustness", 2019, https://arxiv.org/abs/1902.06705, checklist.
 */
export const moreRestartsHelp: Diagnostic = ({ probes }) => {
  const reading = probes['more-restarts'];
  if (reading === undefined) return null;
  const { examples = 0, broken = 0 } = reading;
  const value = broken / Math.max(1, examples);
  if (value <= THRESHOLD || broken <= FEW) return null;
  return {
    id: 'more-restarts-help',
    level: 'warning',
    message: `The strongest attack, run once more with other draws, breaks ${percent(value)} of the examples beyond what the suite broke`,
    value,
  };
};
