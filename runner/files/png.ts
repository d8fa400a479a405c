import { encode } from 'fast-png';

/**
 * @param pixels in [0, 1], [height × width × channels]
 * @returns a PNG with the nearest of 256 steps for each value
 * @throws RangeError for other than 1 or 3 channels
 */
export function pngOf(pixels: Float32Array, [height, width, channels]: readonly [number, number, number]): Uint8Array {
  if (channels !== 1 && channels !== 3) throw new RangeError(`png: ${channels} channels`);
  const data = Uint8Array.from(pixels, (value) => Math.round(value * 255));
  return encode({ width, height, channels, depth: 8, data });
}
