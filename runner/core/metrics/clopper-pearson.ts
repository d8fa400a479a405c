/**
 * One-sided lower confidence bound of a proportion by Clopper and Pearson: the p at which so many successes, or more, have the probability α.
 * It is exact: the true proportion is below it with probability α at most.
 *
 * Source: Clopper & Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial", Biometrika 26 (1934),
 * https://doi.org/10.1093/biomet/26.4.404.
 *
 * @param successes how many of `total`, an integer in [0, total]
 * @param total how many were tried, at least 1
 * @param alpha in (0, 1)
 * @throws RangeError when the counts are none
 */
export function clopperPearsonLower(successes: number, total: number, alpha: number): number {
  if (!Number.isInteger(successes) || !Number.isInteger(total) || successes < 0 || successes > total || total < 1) {
    throw new RangeError(`clopperPearsonLower: ${successes} of ${total}`);
  }
  if (successes === 0) return 0;
  let logWays = 0;
  for (let i = 1; i <= total - successes; i++) logWays += Math.log((successes + i) / i);
  // Halved until the ends are neighbours; the lower one is taken.
  let [low, high] = [0, successes / total];
  for (;;) {
    const middle = (low + high) / 2;
    if (!(middle > low && middle < high)) return low;
    if (upperTail(successes, total, middle, logWays) < alpha) low = middle;
    else high = middle;
  }
}

/**
 * P(X ≥ successes) of a binomial X, for a success probability up to successes / total, where its terms fall.
 * @param logWays logarithm of the ways to choose the successes
 */
function upperTail(successes: number, total: number, p: number, logWays: number): number {
  const odds = p / (1 - p);
  // The first term by its logarithm: powers of p underflow.
  const first = logWays + successes * Math.log(p) + (total - successes) * Math.log1p(-p);
  let [term, tail] = [1, 1];
  for (let k = successes; k < total && term > tail * 1e-17; k++) {
    term *= (odds * (total - k)) / (k + 1);
    tail += term;
  }
  return Math.exp(first) * tail;
}
