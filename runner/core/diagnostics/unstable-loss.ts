import type { Diagnostic } from './diagnostic.ts';
import { percent } from './percent.ts';

/** Relative change of the loss under noise that no eye sees, from which on gradients say little; ours. */
const THRESHOLD = 0.1;

/**
 * A loss that jumps under noise of a few grey levels has gradients that hold at a point and nowhere around it.
 *
 * Source: Pintor et al., "Indicators of Attack Failure", NeurIPS 2022, https://arxiv.org/abs/2106.09947, I2.
 */
export const unstableLoss: Diagnostic = ({ probes }) => {
  const value = probes['loss-noise']?.relativeChange ?? 0;
  if (value <= THRESHOLD) return null;
  return {
    id: 'unstable-loss',
    level: 'warning',
    message: `Noise of at most 4 of 255 grey levels changes the loss by ${percent(value)} on average`,
    value,
  };
};
