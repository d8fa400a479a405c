/** The way to a plane within the pixel range, in float64 and by other means than the attacks': sorting and bisection. */
import type { Norm } from '../projections.ts';
import type { LinearClassifier } from './classifiers.ts';
import { linearLogits, marginWeights } from './oracles.ts';

type Convex = Exclude<Norm, 'L0'>;

/**
 * The smallest change of a point that closes a gap, or where nothing in the pixel range does, the one that comes nearest.
 * @param normal coefficients of the linear function
 * @param gap its value at the point, which the change is to bring to 0
 */
export function changeOntoPlane(
  point: ArrayLike<number>,
  normal: ArrayLike<number>,
  gap: number,
  norm: Convex,
): Float64Array {
  const weights = Float64Array.from(normal, Math.abs);
  const direction = Float64Array.from(normal, (w) => -Math.sign(w) * Math.sign(gap));
  const room = direction.map((sign, i) => (sign > 0 ? 1 - (point[i] as number) : (point[i] as number)));
  const sizes = norm === 'L1' ? greedy(weights, room, Math.abs(gap)) : bisected(weights, room, Math.abs(gap), norm);
  return sizes.map((size, i) => size * (direction[i] as number));
}

function greedy(weights: Float64Array, room: Float64Array, goal: number): Float64Array {
  const sizes = new Float64Array(weights.length);
  let left = goal;
  for (const i of [...weights.keys()].sort((a, b) => (weights[b] as number) - (weights[a] as number))) {
    const weight = weights[i] as number;
    if (left <= 0 || weight === 0) break;
    sizes[i] = Math.min(room[i] as number, left / weight);
    left -= weight * (sizes[i] as number);
  }
  return sizes;
}

/** By the multiplier of the plane in the conditions for a minimum: in its logarithm first, then in itself. */
function bisected(weights: Float64Array, room: Float64Array, goal: number, norm: 'L2' | 'Linf'): Float64Array {
  const sizes = (multiplier: number) =>
    weights.map((w, i) => (w === 0 ? 0 : Math.min(multiplier * (norm === 'L2' ? w : 1), room[i] as number)));
  const gained = (multiplier: number) =>
    sizes(multiplier).reduce((sum, size, i) => sum + size * (weights[i] as number), 0);
  let low = 0;
  let high = 1e300;
  if (gained(high) <= goal) return sizes(high);
  for (let k = 0; k < 100; k++) {
    const middle = high > 2 * low ? Math.sqrt(Math.max(low, 1e-300) * high) : (low + high) / 2;
    if (gained(middle) < goal) low = middle;
    else high = middle;
  }
  return sizes(high);
}

/** Length of a change. */
export function lengthIn(change: ArrayLike<number>, norm: Convex): number {
  const sizes = Array.from(change, Math.abs);
  if (norm === 'Linf') return Math.max(...sizes);
  return norm === 'L2' ? Math.hypot(...sizes) : sizes.reduce((sum, size) => sum + size, 0);
}

/** The smallest change within the pixel range that brings an image of a linear classifier onto the boundary of its class. */
export function linearSmallestChange(
  model: LinearClassifier,
  x: ArrayLike<number>,
  y: number,
  norm: Convex,
): Float64Array {
  const z = linearLogits(model, x);
  let best: Float64Array = new Float64Array(0);
  for (let j = 0; j < model.classes; j++) {
    if (j === y) continue;
    const normal = marginWeights(model, y, j);
    const gap = (z[y] as number) - (z[j] as number);
    const change = changeOntoPlane(x, normal, gap, norm);
    const reached = change.reduce((sum, d, i) => sum + d * (normal[i] as number), gap);
    if (reached > 1e-9 * gap) continue;
    if (best.length === 0 || lengthIn(change, norm) < lengthIn(best, norm)) best = change;
  }
  return best;
}
