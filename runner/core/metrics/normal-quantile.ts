/**
 * Quantile of the standard normal distribution, by halving.
 * @param p probability in [0.5, 1)
 * @returns the x with P(X ≤ x) = p, of the two numbers around it the lower one
 */
export function normalQuantile(p: number): number {
  let [low, high] = [0, 9];
  for (;;) {
    const middle = (low + high) / 2;
    if (!(middle > low && middle < high)) return low;
    if (normalDistribution(middle) < p) low = middle;
    else high = middle;
  }
}

/**
 * P(X ≤ x) = ½ + φ(x) · (x + x³/3 + x⁵/(3·5) + …).
 * Source: Marsaglia, "Evaluating the Normal Distribution", Journal of Statistical Software 11 (2004), https://doi.org/10.18637/jss.v011.i04.
 */
function normalDistribution(x: number): number {
  let [term, sum] = [x, x];
  for (let k = 3; sum + term > sum; k += 2) {
    term *= (x * x) / k;
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}
