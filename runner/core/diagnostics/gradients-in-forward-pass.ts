import type { Diagnostic } from './diagnostic.ts';

/**
 * A forward pass that itself asks for gradients optimises something: an attack has to see through that.
 *
 * Source: AutoAttack, check_dynamic, https://github.com/fra31/auto-attack.
 */
export const gradientsInForwardPass: Diagnostic = ({ probes }) => {
  const value = probes['forward-gradients']?.calls ?? 0;
  if (value === 0) return null;
  return {
    id: 'gradients-in-forward-pass',
    level: 'warning',
    message: 'The model computes gradients to answer: it adapts to each image, which the suite may not see through',
    value,
  };
};
