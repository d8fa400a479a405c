import { lossValues } from './loss-values.ts';

/** What a search on scores lowers, by the names that options use; 'auto' is the margin, or cross-entropy with a target. */
export const scoreLosses = ['auto', 'margin', 'ce'] as const;
export type ScoreLoss = (typeof scoreLosses)[number];

/**
 * Loss of each row from its logits, in float64; lower is nearer to success.
 *
 * `margin`: z[y] − max of the others, or with a target max of the others − z[target]. `ce`: with a target its cross-entropy, else minus
 * the cross-entropy of the true class, which in float64 tells confident rows apart down to probabilities of 1e-300.
 * @param logits class scores, [rows × classes]
 */
export function scoreLoss(
  kind: ScoreLoss,
  logits: Float32Array,
  classes: number,
  y: Int32Array,
  target: Int32Array | null,
): Float64Array {
  const loss = kind !== 'auto' ? kind : target === null ? 'margin' : 'ce';
  return lossValues(loss, logits, classes, y, target).map((value) => -value);
}
