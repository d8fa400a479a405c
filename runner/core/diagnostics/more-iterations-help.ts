import type { Diagnostic } from './diagnostic.ts';
import { percent } from './percent.ts';

/** Share of the examples by which a number that has converged may still fall, and how many they may always be; ours. */
const THRESHOLD = 0.01;
const FEW = 1;

/**
 * An attack that breaks more with twice the iterations had too few.
 *
 * Source: Carlini et al., "On Evaluating Adversarial Robustness", 2019, https://arxiv.org/abs/1902.06705, checklist.
 */
export const moreIterationsHelp: Diagnostic = ({ probes }) => {
  const reading = probes['more-iterations'];
  if (reading === undefined) return null;
  const { examples = 0, broken = 0 } = reading;
  const value = broken / Math.max(1, examples);
  if (value <= THRESHOLD || broken <= FEW) return null;
  return {
    id: 'more-iterations-help',
    level: 'warning',
    message: `The strongest attack, with twice the iterations, breaks ${percent(value)} of the examples beyond what the suite broke`,
    value,
  };
};
