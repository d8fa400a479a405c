import { type Asking, SLICE } from './label-search.ts';
import { inRange } from './towards.ts';

/**
 * Estimates the normal of the boundary at an image near it, from which side of it random neighbours lie: the sum of
 * (φ − mean φ) · u over changes u of length `radius`, with φ = 1 where the neighbour is adversarial and −1 where it is not.
 * The changes that count are those left after clipping to the pixel range. Where all neighbours lie on one side, their sum
 * itself, towards or away from them.
 *
 * Source: Chen et al., "HopSkipJumpAttack", S&P 2020, https://arxiv.org/abs/1904.02144, eq. 9 and 16.
 * @param probes number of neighbours
 * @param radius their distance, L2, before clipping
 * @param draw random directions, of any lengths: [count × size]
 * @returns a direction that points to the adversarial side, of no particular length, [size]; zero where nothing can be told
 */
export function* boundaryNormal(
  point: Float32Array,
  probes: number,
  radius: number,
  draw: (count: number) => Float32Array,
): Asking<Float64Array> {
  const size = point.length;
  const sum = new Float64Array(size);
  const signed = new Float64Array(size);
  let signs = 0;
  for (let asked = 0; asked < probes; ) {
    const count = Math.min(SLICE, probes - asked);
    const images = draw(count);
    for (let at = 0; at < images.length; at += size) place(point, images, at, radius);
    const answer = yield images;
    for (let i = 0; i < answer.length; i++) {
      const sign = answer[i] === 1 ? 1 : -1;
      signs += sign;
      const at = i * size;
      for (let k = 0; k < size; k++) {
        const change = (images[at + k] as number) - (point[k] as number);
        sum[k] = (sum[k] as number) + change;
        signed[k] = (signed[k] as number) + sign * change;
      }
    }
    asked += count;
  }
  const mean = signs / probes;
  if (Math.abs(mean) === 1) return signed;
  for (let k = 0; k < size; k++) signed[k] = (signed[k] as number) - mean * (sum[k] as number);
  return signed;
}

/** Puts the neighbour in the place of its direction. */
function place(point: Float32Array, images: Float32Array, at: number, radius: number) {
  let square = 0;
  for (let k = 0; k < point.length; k++) square += (images[at + k] as number) ** 2;
  const scale = square > 0 ? radius / Math.sqrt(square) : 0;
  for (let k = 0; k < point.length; k++) {
    images[at + k] = inRange((point[k] as number) + scale * (images[at + k] as number));
  }
}
