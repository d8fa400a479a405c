import { distances } from '../metrics/judge.ts';
import type { Norm } from '../projections.ts';

/**
 * An adversarial image on the 8-bit grid, each value rounded towards the clean image's: never farther from it in any
 * norm than before, and never on its other side.
 *
 * @param x the clean image, values k/255 in float32
 * @param xAdv the adversarial image, values in [0, 1]
 * @returns bytes; `fromBytes` gives the image that they stand for
 */
export function roundTowards(x: Float32Array, xAdv: Float32Array): Uint8Array {
  return Uint8Array.from(xAdv, (value, i) => {
    const clean = Math.round((x[i] as number) * 255);
    const scaled = Math.min(255, Math.max(0, value * 255));
    // A value that is on the grid already comes back from float32 a little off it.
    const nearest = Math.round(scaled);
    const level = Math.fround(nearest / 255) === value ? nearest : scaled;
    return level > clean ? Math.floor(level) : level < clean ? Math.ceil(level) : clean;
  });
}

/** @returns the float32 image that bytes stand for: byte / 255, as data sets are decoded */
export function fromBytes(bytes: Uint8Array): Float32Array {
  return Float32Array.from(bytes, (byte) => byte / 255);
}

/** Steps to each side of the clean image. */
const STEPS = 127;

/** An image by what it differs in from the clean one, in 127 steps to each side. */
export interface SteppedImage {
  /** The largest difference of any value. */
  readonly scale: number;
  /** Of each value, -127 to 127: how many 127ths of `scale` it differs by. */
  readonly steps: Int8Array;
}

/**
 * An adversarial image in steps of its own largest difference: they lose little however small it is, where the 8-bit grid may
 * lose it all. As far from the clean image as before or nearer, but for what clipping to [0, 1]
 * and float32 leave of the correction.
 * @param x the clean image
 */
export function inSteps(x: Float32Array, xAdv: Float32Array, norm: Norm): SteppedImage {
  const scale = xAdv.reduce((most, value, i) => Math.max(most, Math.abs(value - (x[i] as number))), 0);
  const steps = Int8Array.from(xAdv, (value, i) => Math.round(((value - (x[i] as number)) / (scale || 1)) * STEPS));
  const distance = (image: Float32Array) => distances(x, image, x.length, norm)[0] as number;
  const farther = distance(fromSteps(x, { scale, steps })) / distance(xAdv);
  return { scale: farther > 1 ? scale / farther : scale, steps };
}

/** @returns the float32 image that steps stand for, kept in [0, 1] */
export function fromSteps(x: Float32Array, { scale, steps }: SteppedImage): Float32Array {
  return Float32Array.from(x, (value, i) => Math.min(1, Math.max(0, value + (scale * (steps[i] as number)) / STEPS)));
}
