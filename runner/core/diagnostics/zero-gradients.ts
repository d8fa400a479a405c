import type { Diagnostic } from './diagnostic.ts';

/** From this share of zero gradients on an attack is partly blind. */
const THRESHOLD = 0.01;

/**
 * Gradients that are zero throughout an image tell an attack nothing: the model may look robust because it hides them, as
 * saturated softmax outputs do.
 *
 * Source: Athalye et al., "Obfuscated Gradients Give a False Sense of Security", ICML 2018, https://arxiv.org/abs/1802.00420;
 * AutoAttack raises a flag at the first such gradient.
 */
export const zeroGradients: Diagnostic = ({ lines }) => {
  let worst: { id: string; share: number } | null = null;
  for (const { line, zeroGradientShare } of lines) {
    if (zeroGradientShare !== null && zeroGradientShare > (worst?.share ?? 0))
      worst = { id: line.id, share: zeroGradientShare };
  }
  if (worst === null || worst.share < THRESHOLD) return null;
  const percent = (100 * worst.share).toFixed(0);
  return {
    id: 'zero-gradients',
    level: 'warning',
    message: `${percent} % of the gradients that ${worst.id} asked for are zero: it is partly blind`,
    value: worst.share,
  };
};
