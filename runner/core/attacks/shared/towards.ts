/** Distances and shrunk changes of single images, in plain arrays and float64. */
import type { Norm } from '../../projections.ts';

/** The norms whose balls label-based attacks search. */
export const labelNorms = ['L2', 'Linf'] as const;
export type LabelNorm = (typeof labelNorms)[number];

/** Distance of an image from x; L∞ or, for every other norm, L2. */
export function distanceFrom(x: Float32Array, image: Float32Array, norm: Norm): number {
  let sum = 0;
  if (norm === 'Linf') {
    for (let i = 0; i < x.length; i++) sum = Math.max(sum, Math.abs((image[i] as number) - (x[i] as number)));
    return sum;
  }
  for (let i = 0; i < x.length; i++) {
    const change = (image[i] as number) - (x[i] as number);
    sum += change * change;
  }
  return Math.sqrt(sum);
}

/**
 * The image on the way from `far` to x whose distance is a share of what it was. L2: the point on the segment between them.
 * L∞: the point of the ball of that radius that is nearest to `far`, so that small changes stay as they are.
 *
 * Source: Chen et al., "HopSkipJumpAttack", S&P 2020, https://arxiv.org/abs/1904.02144, eq. 12–13.
 * @param share from 0, which is x, to 1, which is `far`; above 1 the segment goes on, up to the pixel range
 */
export function towards(x: Float32Array, far: Float32Array, norm: LabelNorm, share: number): Float32Array {
  const image = new Float32Array(x.length);
  if (norm === 'Linf' && share <= 1) {
    const radius = share * distanceFrom(x, far, 'Linf');
    for (let i = 0; i < x.length; i++) {
      const origin = x[i] as number;
      image[i] = Math.min(origin + radius, Math.max(origin - radius, far[i] as number));
    }
    return image;
  }
  for (let i = 0; i < x.length; i++) {
    const origin = x[i] as number;
    image[i] = inRange(origin + share * ((far[i] as number) - origin));
  }
  return image;
}

export function inRange(value: number): number {
  return value < 0 ? 0 : value > 1 ? 1 : value;
}
