type Colour = readonly [red: number, green: number, blue: number];

/** Made lighter and made darker: a pair that colour-blind eyes tell apart, on light ground and on dark. */
const LIGHTER: Colour = [230, 97, 1];
const DARKER: Colour = [33, 102, 200];

/**
 * The difference of two images: its sign as a hue, its size as opacity; the largest change is opaque.
 * @param x original pixels
 * @param xAdv adversarial pixels, as many
 * @returns four bytes a pixel: red, green, blue, opacity
 */
export function changeColours(x: Float32Array, xAdv: Float32Array): Uint8ClampedArray<ArrayBuffer> {
  const changes = xAdv.map((value, i) => value - (x[i] as number));
  const largest = changes.reduce((most, change) => Math.max(most, Math.abs(change)), 0);
  const bytes = new Uint8ClampedArray(4 * x.length);
  for (const [i, change] of changes.entries()) {
    bytes.set(change > 0 ? LIGHTER : DARKER, 4 * i);
    bytes[4 * i + 3] = largest === 0 ? 0 : (Math.abs(change) / largest) * 255;
  }
  return bytes;
}

/** Grey levels as four bytes a pixel. @param values in [0, 1]: black to white */
export function greyColours(values: Float32Array): Uint8ClampedArray<ArrayBuffer> {
  const bytes = new Uint8ClampedArray(4 * values.length);
  for (const [i, value] of values.entries()) bytes.set([value * 255, value * 255, value * 255, 255], 4 * i);
  return bytes;
}
