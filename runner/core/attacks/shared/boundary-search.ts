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
  return yield* halving((share) => towards(x, far, norm, share), 0, 1, far, tolerance);
}

/**
 * Halves a stretch of a line of images until it is short enough, one query a step.
 * @param at the image at a place of the line
 * @param low a place that is not adversarial
 * @param high a place that is
 * @param best the image there
 * @param end length that is short enough
 * @returns the adversarial image at the end of what is left
 */
export function* halving(
  at: (place: number) => Float32Array,
  low: number,
  high: number,
  best: Float32Array,
  end: number,
): Asking<Float32Array> {
  let [from, to, found] = [low, high, best];
  while (to - from > end) {
    const middle = (from + to) / 2;
    const image = at(middle);
    const [adversarial] = yield image;
    if (adversarial === 1) {
      to = middle;
      found = image;
    } else from = middle;
  }
  return found;
}
