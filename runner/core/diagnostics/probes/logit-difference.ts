/**
 * Between several passes over the same images: the largest L2 distance of two passes' logits of one image, each divided by its length
 * first; 2, the largest there is, where one holds no numbers.
 * @param passes logits, [images × classes] each
 */
export function largestDifference(passes: readonly Float32Array[], classes: number): number {
  const rows = (passes[0] as Float32Array).length / classes;
  let largest = 0;
  for (let row = 0; row < rows; row++) {
    const units = passes.map((logits) => unit(logits.subarray(row * classes, (row + 1) * classes)));
    for (const [i, one] of units.entries())
      for (const other of units.slice(i + 1)) largest = Math.max(largest, distance(one, other));
  }
  return largest;
}

/** Between two unit vectors; the largest there is where one holds no numbers. */
function distance(one: readonly number[], other: readonly number[]): number {
  const length = Math.hypot(...one.map((value, c) => value - (other[c] as number)));
  return Number.isFinite(length) ? length : 2;
}

function unit(values: Float32Array): number[] {
  const length = Math.hypot(...values) + 1e-10;
  return Array.from(values, (value) => value / length);
}
