import type { Diagnostic } from './diagnostic.ts';
import { onlyBrokenBy, withAccess } from './only-broken-by.ts';
import { percent } from './percent.ts';

/** Share of the examples that attacks of equal strength may differ by; ours. */
const THRESHOLD = 0.01;

/**
 * The model's own gradients tell an attack more than another model's do. Where they help less, they are hidden.
 *
 * Source: Carlini et al., "On Evaluating Adversarial Robustness", 2019, https://arxiv.org/abs/1902.06705, checklist.
 */
export const transferBeatsWhiteBox: Diagnostic = (observations) => {
  const value = onlyBrokenBy(observations, withAccess('transfer'), withAccess('gradient'));
  if (value === null || value <= THRESHOLD) return null;
  return {
    id: 'transfer-beats-white-box',
    level: 'warning',
    message: `Images made on other models break ${percent(value)} of the examples that no gradient attack breaks`,
    value,
  };
};
