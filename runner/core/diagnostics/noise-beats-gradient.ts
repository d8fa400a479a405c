import type { Diagnostic } from './diagnostic.ts';
import { isNoise, onlyBrokenBy, withAccess } from './only-broken-by.ts';
import { percent } from './percent.ts';

/** Share of the examples that attacks of equal strength may differ by; ours. */
const THRESHOLD = 0.01;

/**
 * Random points of the ball should break nothing that a search through it does not.
 *
 * Source: Carlini et al., "On Evaluating Adversarial Robustness", 2019, https://arxiv.org/abs/1902.06705, checklist.
 */
export const noiseBeatsGradient: Diagnostic = (observations) => {
  const value = onlyBrokenBy(observations, isNoise, withAccess('gradient'));
  if (value === null || value <= THRESHOLD) return null;
  return {
    id: 'noise-beats-gradient',
    level: 'warning',
    message: `Random noise breaks ${percent(value)} of the examples that no gradient attack breaks`,
    value,
  };
};
