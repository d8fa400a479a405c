import type { Diagnostic } from './diagnostic.ts';
import { percent } from './percent.ts';

/** Share of the examples left standing whose attack may not have come to rest, and how many they may always be; ours. */
const THRESHOLD = 0.1;
const FEW = 1;

/**
 * An attack that was still gaining when its steps ran out says nothing about what stands.
 *
 * Source: Pintor et al., "Indicators of Attack Failure", NeurIPS 2022, https://arxiv.org/abs/2106.09947, I4.
 */
export const incompleteOptimisation: Diagnostic = ({ probes }) => {
  const { improving: value = 0, examples = 0 } = probes['optimisation-path'] ?? {};
  if (value <= THRESHOLD || Math.round(value * examples) <= FEW) return null;
  return {
    id: 'incomplete-optimisation',
    level: 'warning',
    message: `For ${percent(value)} of the examples left standing the strongest attack was still gaining in its last ten steps`,
    value,
  };
};
