import type { Diagnostic } from './diagnostic.ts';

/** Logits that are NaN or infinite inside the ball count for the attacker; a model that gives them should be looked at. */
export const nonFinite: Diagnostic = ({ lines }) => {
  const value = Math.max(0, ...lines.map((line) => line.nonFinite));
  if (value === 0) return null;
  return {
    id: 'non-finite',
    level: 'warning',
    message: `Logits are NaN or infinite for up to ${value} adversarial images; they count as broken`,
    value,
  };
};
