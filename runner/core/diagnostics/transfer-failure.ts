import type { Diagnostic } from './diagnostic.ts';
import { withAccess } from './only-broken-by.ts';

/**
 * Images made on another model need not fool this one. A number that rests on them alone is no measure of robustness.
 *
 * Source: Pintor et al., "Indicators of Attack Failure", NeurIPS 2022, https://arxiv.org/abs/2106.09947, I5.
 */
export const transferFailure: Diagnostic = ({ suite: { lines }, numbers }) => {
  const rests = lines.some(withAccess('transfer')) && !lines.some(withAccess('gradient', 'scores', 'labels'));
  if (!rests || numbers.robustAccuracy.value === 0) return null;
  return {
    id: 'transfer-failure',
    level: 'warning',
    message: 'Every attack of the suite was made on other models: what stands was never attacked itself',
    value: numbers.robustAccuracy.value,
  };
};
