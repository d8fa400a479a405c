import { rivalMargins } from './rival-margins.ts';

/** What a search on scores lowers, by the names that options use; 'auto' is the margin, or cross-entropy with a target. */
export const scoreLosses = ['auto', 'margin', 'ce'] as const;
export type ScoreLoss = (typeof scoreLosses)[number];

/**
 * Loss of each row from its logits, in float64; lower is nearer to success.
 *
 * `margin`: as `rivalMargins`. `ce`: with a target its cross-entropy, else minus the cross-entropy of the true class, which in
 * float64 tells confident rows apart down to probabilities of 1e-300.
 * @param logits class scores, [rows × classes]
 */
export function scoreLoss(
  kind: ScoreLoss,
  logits: Float32Array,
  classes: number,
  y: Int32Array,
  target: Int32Array | null,
): Float64Array {
  if (kind === 'margin' || (kind === 'auto' && target === null)) {
    return rivalMargins(logits, classes, y, target).margins;
  }
  const sign = target === null ? -1 : 1;
  return Float64Array.from(target ?? y, (label, row) => sign * crossEntropy(logits, row * classes, classes, label));
}

/** −log softmax(z)[label] of the row that starts at `from`. */
function crossEntropy(logits: Float32Array, from: number, classes: number, label: number): number {
  const own = logits[from + label] as number;
  let highest = 0;
  for (let c = 0; c < classes; c++) highest = Math.max(highest, (logits[from + c] as number) - own);
  let others = 0;
  for (let c = 0; c < classes; c++) {
    if (c !== label) others += Math.exp((logits[from + c] as number) - own - highest);
  }
  return highest === 0 ? Math.log1p(others) : highest + Math.log(Math.exp(-highest) + others);
}
