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
