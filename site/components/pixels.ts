import { encode } from 'fast-png';

type Shape = readonly [height: number, width: number, channels: number];

/** An image as a data URI that holds a PNG, one pixel each. Pixels are in [0, 1]. */
export function imageUri(pixels: Float32Array, [height, width, channels]: Shape): string {
  const data = Uint8Array.from(pixels, (value) => Math.round(Math.min(1, Math.max(0, value)) * 255));
  const png = encode({ width, height, data, depth: 8, channels });
  return `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
}

/** The change from one image to another: grey where nothing changed, lighter where a value rose, darker where it fell. */
export function differenceUri(x: Float32Array, xAdv: Float32Array, shape: Shape): string {
  return imageUri(
    xAdv.map((value, i) => 0.5 + (value - (x[i] ?? value)) / 2),
    shape,
  );
}

/** How large a change is, in each way that the tracks measure it. */
export function change(
  x: Float32Array,
  xAdv: Float32Array,
): { readonly values: number; readonly largest: number; readonly length: number } {
  const differences = Array.from(xAdv, (value, i) => Math.abs(value - (x[i] ?? value)));
  return {
    values: differences.filter((difference) => difference > 0).length,
    largest: Math.max(0, ...differences),
    length: Math.hypot(...differences),
  };
}
