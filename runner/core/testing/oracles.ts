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

/**
 * The same within the L1 ball: the values with the largest coefficients go to the end of the pixel range one after the other,
 * until ε is spent.
 */
export function linearWorstMarginL1(model: LinearClassifier, x: ArrayLike<number>, y: number, epsilon: number): number {
  const z = linearLogits(model, x);
  let worst = Number.POSITIVE_INFINITY;
  for (let j = 0; j < model.classes; j++) {
    if (j === y) continue;
    const weights = marginWeights(model, y, j);
    const order = [...weights.keys()].sort((a, b) => Math.abs(weights[b] as number) - Math.abs(weights[a] as number));
    let margin = (z[y] as number) - (z[j] as number);
    let left = epsilon;
    for (const i of order) {
      const room = (weights[i] as number) > 0 ? (x[i] as number) : 1 - (x[i] as number);
      const spent = Math.min(left, room);
      margin -= Math.abs(weights[i] as number) * spent;
      left -= spent;
    }
    worst = Math.min(worst, margin);
  }
  return worst;
}

/**
 * L2 distance from x to the points that are classified as `target`, the pixel range left aside: those where z[target] is at
 * least every other logit. Dykstra's alternating projections onto these half-spaces, until nothing moves.
 *
 * Source: Boyle & Dykstra, "A Method for Finding Projections onto the Intersection of Convex Sets in Hilbert Spaces", 1986,
 * https://doi.org/10.1007/978-1-4613-9940-7_3.
 */
export function linearTargetDistanceL2(model: LinearClassifier, x: ArrayLike<number>, target: number): number {
  const others = Array.from({ length: model.classes }, (_, j) => j).filter((j) => j !== target);
  const sides = others.map((j) => marginWeights(model, target, j));
  const corrections = sides.map(() => 0);
  const point = Float64Array.from(x);
  for (let round = 0; round < 100_000; round++) {
    let moved = 0;
    for (const [k, side] of sides.entries()) {
      const square = side.reduce((sum, weight) => sum + weight * weight, 0);
      const back = corrections[k] as number;
      // Half-spaces need one number of memory: how far along its normal the last projection went.
      const z = linearLogits(model, point);
      const margin = (z[target] as number) - (z[others[k] as number] as number) - back * square;
      const along = Math.max(0, -margin / square);
      for (const [i, weight] of side.entries()) point[i] = (point[i] as number) + (along - back) * weight;
      moved = Math.max(moved, Math.abs(along - back));
      corrections[k] = along;
    }
    if (moved < 1e-13) break;
  }
  return Math.hypot(...point.map((value, i) => value - (x[i] as number)));
}
