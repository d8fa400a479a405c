/**
 * How far float32 rounding may carry a net's values, and the bounds of them, from what exact arithmetic gives.
 *
 * A sum of n products is off by at most γₙ · Σ |w| |a|, γₙ = n u / (1 − n u), u = 2⁻²⁴, in whatever order it is taken, with fused
 * multiplication or without. So are the net's sums anywhere in the box, and the sums that its bounds are made of: twice γₙ for both.
 *
 * Source: Higham, "Accuracy and Stability of Numerical Algorithms", 2nd edition, 2002, https://doi.org/10.1137/1.9780898718027, §3.1.
 */
import * as tf from '@tensorflow/tfjs';

/** How bounds are rounded: as they come, which is what training differentiates, or so that they hold in spite of rounding. */
export type Rounding = 'nearest' | 'outwards';

/** Roundings of a value besides one for each product: of the bias, a box's centre and radius, the preprocessing, and of sums of all these. */
const MORE_ROUNDINGS = 32;

/** More than is lost of a sum, and of few sums one after another, where products too small for float32 become 0: 2⁻¹²⁶ of each. */
export const LOST = 1e-30;

/**
 * @param products in a sum
 * @param terms sum of their absolute values and of the bias, anywhere in the box; itself a float32 sum of as many products
 * @returns how far the net's sum and its bound may be off together, of the shape of `terms`
 */
export function roundingOf<T extends tf.Tensor>(products: number, terms: T): T {
  const off = (products + MORE_ROUNDINGS) * 2 ** -24;
  // γ / (1 − γ), for `terms` may be too small by the share γ.
  return tf.add(tf.mul(terms, (2 * off) / (1 - 2 * off)), LOST);
}

/** A score less that of the right class is off by what both are: [batch, classes] of `terms` of the scores and the right class's indicator. */
export function roundingOfMargins(products: number, terms: tf.Tensor2D, labels: tf.Tensor2D): tf.Tensor2D {
  return roundingOf(products, tf.add(terms, tf.sum(tf.mul(terms, labels), 1, true)) as tf.Tensor2D);
}
