import type { Diagnostic } from './diagnostic.ts';
import { percent } from './percent.ts';

/** Share of the planted examples that an attack which works finds; ours. */
const THRESHOLD = 0.95;

/**
 * An attack that misses adversarial examples which are known to be there has not shown that there are none elsewhere.
 *
 * Source: Zimmermann et al., "Increasing Confidence in Adversarial Robustness Evaluations", NeurIPS 2022,
 * https://arxiv.org/abs/2206.13991.
 */
export const activeTest: Diagnostic = ({ probes }) => {
  const found = probes['active-test']?.found;
  if (found === undefined || found >= THRESHOLD) return null;
  return {
    id: 'active-test',
    level: 'warning',
    message: `Of adversarial examples that were planted the strongest attack found ${percent(found)}`,
    value: found,
  };
};
