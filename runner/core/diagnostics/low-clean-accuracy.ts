import type { Diagnostic } from './diagnostic.ts';

/** Below this the weights, or what becomes of the pixels on their way in, are probably not what was meant. */
const THRESHOLD = 0.5;

export const lowCleanAccuracy: Diagnostic = ({ numbers: { cleanAccuracy }, predictions }) => {
  if (predictions.length === 0 || cleanAccuracy.value >= THRESHOLD) return null;
  return {
    id: 'low-clean-accuracy',
    level: 'warning',
    message:
      'Fewer than half of the clean images are classified right: weights, pixel range or colour order may be wrong',
    value: cleanAccuracy.value,
  };
};
