import type { Diagnostic } from './diagnostic.ts';
import { percent } from './percent.ts';

/**
 * Where not even the margin of logits has a gradient at the clean image, nothing tells an attack which way to go.
 *
 * Source: Pintor et al., "Indicators of Attack Failure", NeurIPS 2022, https://arxiv.org/abs/2106.09947, I1: one such image is enough.
 */
export const unavailableGradients: Diagnostic = ({ probes }) => {
  const value = probes.gradients?.zeroAtClean ?? 0;
  if (value === 0) return null;
  return {
    id: 'unavailable-gradients',
    level: 'warning',
    message: `For ${percent(value)} of the clean images the margin of logits has no gradient`,
    value,
  };
};
