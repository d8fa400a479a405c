import type { Asking } from './label-search.ts';
import { type LabelNorm, towards } from './towards.ts';

/**
 * Binary search for the boundary between x and an adversarial image, one query a step.
 * @param far an adversarial image
 * @param norm which way to go: along the segment (L2) or by shrinking the largest changes (L∞)
 * @param tolerance share of the distance between x and `far` within which the boundary is to be found
 * @returns an adversarial image, at most that much farther than one that is not
 */
export function* towardsBoundary(
  x: Float32Array,
  far: Float32Array,
  norm: LabelNorm,
  tolerance: number,
): Asking<Float32Array> {
  let [low, high] = [0, 1];
  let best = far;
  while (high - low > tolerance) {
    const middle = (low + high) / 2;
    const image = towards(x, far, norm, middle);
    const [adversarial] = yield image;
    if (adversarial === 1) {
      high = middle;
      best = image;
    } else low = middle;
  }
  return best;
}
