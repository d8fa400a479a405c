import type { Diagnostic } from './diagnostic.ts';
import { percent } from './percent.ts';

/**
 * In a ball that holds every image there is, an image of another class is always within reach: an attack that fails there is at fault.
 *
 * Sources: Pintor et al., "Indicators of Attack Failure", NeurIPS 2022, https://arxiv.org/abs/2106.09947, I6; Carlini et al., "On
 * Evaluating Adversarial Robustness", 2019, https://arxiv.org/abs/1902.06705, checklist.
 */
export const unboundedAttackFails: Diagnostic = ({ probes }) => {
  const value = probes['larger-epsilon']?.unbounded ?? 0;
  if (value === 0) return null;
  return {
    id: 'unbounded-attack-fails',
    level: 'warning',
    message: `With the whole pixel range allowed the strongest attack leaves ${percent(value)} of the examples standing; it should leave none`,
    value,
  };
};
