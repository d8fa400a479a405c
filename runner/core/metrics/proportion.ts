import type { Proportion } from '../result.ts';

/** 97.5 % quantile of the standard normal distribution. */
const Z = 1.959963984540054;

/**
 * A proportion with its 95 % Wilson score interval.
 *
 * Centre (p + z²/2n) / (1 + z²/n), half-width z/(1 + z²/n) · √(p(1−p)/n + z²/4n²), with p = successes / total.
 * The interval stays within [0, 1] and does not shrink to a point at 0 or n successes.
 *
 * Source: Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", JASA 22 (1927),
 * https://doi.org/10.1080/01621459.1927.10502953.
 *
 * @param successes how many of `total`, an integer in [0, total]
 * @param total how many were tried; of none, nothing is known: value 0, interval [0, 1]
 * @throws RangeError when the counts are none
 */
export function proportion(successes: number, total: number): Proportion {
  if (!Number.isInteger(successes) || !Number.isInteger(total) || successes < 0 || successes > total) {
    throw new RangeError(`proportion: ${successes} of ${total}`);
  }
  return total === 0 ? { value: 0, low: 0, high: 1 } : wilson(successes / total, total);
}

/**
 * The same of a share of things that tell as much as `total` would that are drawn apart.
 * @param p in [0, 1]
 * @param total above 0, whole or not
 */
export function wilson(p: number, total: number): Proportion {
  const shrink = 1 + (Z * Z) / total;
  const centre = (p + (Z * Z) / (2 * total)) / shrink;
  const half = (Z / shrink) * Math.sqrt((p * (1 - p)) / total + (Z * Z) / (4 * total * total));
  return {
    value: p,
    low: p === 0 ? 0 : Math.max(0, centre - half),
    high: p === 1 ? 1 : Math.min(1, centre + half),
  };
}
