import type { Diagnostic } from './diagnostic.ts';
import { percent } from './percent.ts';

/** Share of values from which on an attack by cross-entropy is partly blind; that of zero gradients. */
const THRESHOLD = 0.01;

/**
 * Where the cross-entropy is so flat that its gradient is 0 or denormal in float32, attacks that follow it fail and the model is no
 * more robust for it.
 *
 * Sources: Carlini & Wagner, "Defensive Distillation is Not Robust to Adversarial Examples", 2016, https://arxiv.org/abs/1607.04311;
 * Carlini et al., "On Evaluating Adversarial Robustness", 2019, https://arxiv.org/abs/1902.06705.
 */
export const floatUnderflow: Diagnostic = ({ probes }) => {
  const value = probes.gradients?.underflow ?? 0;
  if (value < THRESHOLD) return null;
  return {
    id: 'float-underflow',
    level: 'warning',
    message: `${percent(value)} of the values of the cross-entropy’s gradient underflow to 0 or near it; those of the margin’s do not`,
    value,
  };
};
