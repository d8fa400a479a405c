/** How well a score tells two kinds of images apart, one of which it should give high values: a detector rejects what is above a threshold. */

/** 97.5 % quantile of the standard normal distribution. */
const Z = 1.959963984540054;

/**
 * The lowest of the scores that no more than a share of them lie above.
 * @param rate from 0 to below 1
 */
export function thresholdFor(scores: ArrayLike<number>, rate: number): number {
  const sorted = Float64Array.from(scores).sort();
  // A product that should be whole may come out a little below.
  const above = Math.floor(rate * sorted.length + 1e-9);
  return sorted[sorted.length - 1 - above] as number;
}

/** Share of the scores above a threshold. */
export function shareAbove(scores: ArrayLike<number>, threshold: number): number {
  let above = 0;
  for (let i = 0; i < scores.length; i++) if ((scores[i] as number) > threshold) above++;
  return above / scores.length;
}

/**
 * The receiver operating characteristic: for each rate x of false alarms that is allowed, the share y of positives that are found. At 1
 * everything is rejected.
 */
export function rocCurve(
  negatives: ArrayLike<number>,
  positives: ArrayLike<number>,
  rates: readonly number[],
): { readonly x: number; readonly y: number }[] {
  return rates.map((x) => ({ x, y: x >= 1 ? 1 : shareAbove(positives, thresholdFor(negatives, x)) }));
}

/**
 * The area under that curve: how often a positive scores higher than a negative, ties as a half; 0.5 is chance.
 *
 * Source of the 95 % interval: Hanley & McNeil, "The Meaning and Use of the Area under a Receiver Operating Characteristic (ROC) Curve",
 * Radiology 143, 1982, https://doi.org/10.1148/radiology.143.1.7063747.
 */
export function areaUnderRoc(
  negatives: ArrayLike<number>,
  positives: ArrayLike<number>,
): { readonly value: number; readonly low: number; readonly high: number } {
  const sorted = Float64Array.from(negatives).sort();
  const [m, n] = [positives.length, sorted.length];
  let higher = 0;
  for (let i = 0; i < m; i++) {
    const score = positives[i] as number;
    higher += (countBelow(sorted, score, false) + countBelow(sorted, score, true)) / 2;
  }
  const value = higher / (m * n);
  const [q1, q2] = [value / (2 - value), (2 * value ** 2) / (1 + value)];
  const variance = (value * (1 - value) + (m - 1) * (q1 - value ** 2) + (n - 1) * (q2 - value ** 2)) / (m * n);
  const half = Z * Math.sqrt(Math.max(0, variance));
  return { value, low: Math.max(0, value - half), high: Math.min(1, value + half) };
}

/** How many of some sorted numbers lie below a number, or equal it where `orEqual` says so. */
function countBelow(sorted: Float64Array, number: number, orEqual: boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const value = sorted[middle] as number;
    if (value < number || (orEqual && value === number)) low = middle + 1;
    else high = middle;
  }
  return low;
}
