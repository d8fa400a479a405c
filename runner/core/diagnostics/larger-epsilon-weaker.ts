import type { Diagnostic } from './diagnostic.ts';
import { percent } from './percent.ts';

/** Share of the examples that other draws may account for; ours. */
const THRESHOLD = 0.02;

/**
 * Whatever breaks an example in a ball breaks it in a larger one, so an attack that does worse there has lost its way.
 *
 * Source: Carlini et al., "On Evaluating Adversarial Robustness", 2019, https://arxiv.org/abs/1902.06705, checklist.
 */
export const largerEpsilonWeaker: Diagnostic = ({ probes }) => {
  const reading = probes['larger-epsilon'];
  if (reading === undefined) return null;
  const { once = 0, twice = 0, fourfold = 0, unbounded = 0 } = reading;
  const value = Math.max(twice - once, fourfold - twice, unbounded - fourfold);
  if (value <= THRESHOLD) return null;
  return {
    id: 'larger-epsilon-weaker',
    level: 'warning',
    message: `In a larger ball the strongest attack leaves ${percent(value)} more of the examples standing`,
    value,
  };
};
