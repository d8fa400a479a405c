/**
 * By how much each row falls short of success, from its logits: z[y] − max of the others, or with a target
 * max of the others − z[target]. Negative is success; NaN where the logits are.
 * @param logits class scores, [rows × classes]
 * @returns margins, and the largest absolute logit of each row
 */
export function rivalMargins(
  logits: Float32Array,
  classes: number,
  y: Int32Array,
  target: Int32Array | null,
): { margins: Float64Array; largest: Float64Array } {
  const margins = new Float64Array(y.length);
  const largest = new Float64Array(y.length);
  for (let row = 0; row < y.length; row++) {
    const own = (target ?? y)[row] as number;
    let rival = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < classes; c++) {
      const value = logits[row * classes + c] as number;
      if (c !== own) rival = Math.max(rival, value);
      largest[row] = Math.max(largest[row] as number, Math.abs(value));
    }
    const margin = (logits[row * classes + own] as number) - rival;
    margins[row] = target === null ? margin : -margin;
  }
  return { margins, largest };
}
