/** What the best attack achieves on a linear classifier, in float64. */
import type { LinearClassifier } from './classifiers.ts';

/** Logits of one image. */
export function linearLogits({ weights, bias, classes }: LinearClassifier, x: ArrayLike<number>): Float64Array {
  const z = Float64Array.from(bias);
  for (let i = 0; i < weights.length; i++) {
    z[i % classes] = (z[i % classes] as number) + (weights[i] as number) * (x[Math.floor(i / classes)] as number);
  }
  return z;
}

/** Class of the largest logit. */
export function linearClass(model: LinearClassifier, x: ArrayLike<number>): number {
  const z = linearLogits(model, x);
  return z.indexOf(Math.max(...z));
}

/** Coefficients of z[y] − z[other] as a function of the image. */
export function marginWeights({ weights, classes }: LinearClassifier, y: number, other: number): Float64Array {
  return Float64Array.from({ length: weights.length / classes }, (_, i) => {
    return (weights[i * classes + y] as number) - (weights[i * classes + other] as number);
  });
}

/**
 * L2 distance from x to the nearest point that is classified otherwise, the pixel range left aside: the smallest of
 * (z[y] − z[j]) / |w[y] − w[j]| over the classes j ≠ y.
 */
export function linearDistanceL2(model: LinearClassifier, x: ArrayLike<number>, y: number, target?: number): number {
  const z = linearLogits(model, x);
  let best = Number.POSITIVE_INFINITY;
  for (let j = 0; j < model.classes; j++) {
    if (j === y || (target !== undefined && j !== target)) continue;
    const length = Math.hypot(...marginWeights(model, y, j));
    best = Math.min(best, ((z[y] as number) - (z[j] as number)) / length);
  }
  return best;
}

/**
 * Smallest margin z[y] − max z[j] within the L∞ ball and the pixel range: each value goes to the edge that lowers it,
 * for each j on its own, and the smallest over j counts.
 */
export function linearWorstMarginLinf(
  model: LinearClassifier,
  x: ArrayLike<number>,
  y: number,
  epsilon: number,
): number {
  const z = linearLogits(model, x);
  let worst = Number.POSITIVE_INFINITY;
  for (let j = 0; j < model.classes; j++) {
    if (j === y) continue;
    let margin = (z[y] as number) - (z[j] as number);
    for (const [i, weight] of marginWeights(model, y, j).entries()) {
      const value = x[i] as number;
      const edge = weight > 0 ? Math.max(0, value - epsilon) : Math.min(1, value + epsilon);
      margin += weight * (edge - value);
    }
    worst = Math.min(worst, margin);
  }
  return worst;
}
