import type { Diagnostic } from './diagnostic.ts';

/** Attacks on a model that gives probabilities lose precision where they saturate; AutoAttack warns of it too. */
export const softmaxOutput: Diagnostic = ({ probabilityRows, predictions }) => {
  if (predictions.length === 0 || probabilityRows < predictions.length) return null;
  return {
    id: 'softmax-output',
    level: 'warning',
    message: 'The model gives probabilities where logits are wanted: attacks through a saturated softmax are weak',
    value: 1,
  };
};
