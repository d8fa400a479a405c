import type { Diagnostic } from './diagnostic.ts';
import { percent } from './percent.ts';

/**
 * An image at whose start APGD finds no gradient at all is one that gradient attacks do not attack.
 *
 * Source: AutoAttack, check_zero_gradients, https://github.com/fra31/auto-attack: it warns at the first such image.
 */
export const zeroGradientAtStart: Diagnostic = ({ probes }) => {
  const value = probes.gradients?.zeroAtStart ?? 0;
  if (value === 0) return null;
  return {
    id: 'zero-gradient-at-start',
    level: 'warning',
    message: `For ${percent(value)} of the images the DLR loss has no gradient at a random point of the ball`,
    value,
  };
};
