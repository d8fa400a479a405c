import type { Diagnostic } from './diagnostic.ts';
import { onlyBrokenBy } from './only-broken-by.ts';
import { percent } from './percent.ts';

const THRESHOLD = 0.002;

/**
 * Square asks for nothing but scores: where it breaks what all others leave, they were hindered and not the model robust.
 *
 * Source: AutoAttack, check_square_sr, with its threshold, https://github.com/fra31/auto-attack.
 */
export const squareLowers: Diagnostic = (observations) => {
  const value = onlyBrokenBy(
    observations,
    ({ attack }) => attack === 'square',
    ({ attack }) => attack !== 'square',
  );
  if (value === null || value <= THRESHOLD) return null;
  return {
    id: 'square-lowers',
    level: 'warning',
    message: `Square breaks ${percent(value)} of the examples that every other attack leaves standing`,
    value,
  };
};
