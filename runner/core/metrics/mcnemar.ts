/**
 * Exact McNemar test of paired outcomes: the probability, if two methods were equally strong, that their disagreements split
 * at least as unevenly as they do. Pairs on which both agree say nothing.
 *
 * min(1, 2 · P(X ≤ min(b, c))) with X binomial of n = b + c and ½; 1 where nothing is in dispute.
 *
 * Source: McNemar, "Note on the sampling error of the difference between correlated proportions or percentages",
 * Psychometrika 12 (1947), https://doi.org/10.1007/BF02295996, with the binomial in place of its approximation.
 *
 * @param onlyFirst pairs in which the first method alone succeeded (b)
 * @param onlySecond pairs in which the second alone did (c)
 * @returns two-sided p-value
 * @throws RangeError when the counts are none
 */
export function mcNemar(onlyFirst: number, onlySecond: number): number {
  for (const count of [onlyFirst, onlySecond]) {
    if (!Number.isInteger(count) || count < 0) throw new RangeError(`mcNemar: ${onlyFirst} and ${onlySecond}`);
  }
  const n = onlyFirst + onlySecond;
  // Terms by their logarithms: ½ⁿ alone underflows from n = 1075 on.
  let term = -n * Math.LN2;
  let tail = 0;
  for (let k = 0; k <= Math.min(onlyFirst, onlySecond); k++) {
    tail += Math.exp(term);
    term += Math.log((n - k) / (k + 1));
  }
  return Math.min(1, 2 * tail);
}
