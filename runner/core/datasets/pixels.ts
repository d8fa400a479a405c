/** The 256 values that a pixel can have: byte / 255, rounded to float32 once. */
const values = Float32Array.from({ length: 256 }, (_, byte) => byte / 255);

/**
 * @param bytes pixels from 0 to 255
 * @returns the same pixels as float32 in [0, 1]
 */
export function pixelValues(bytes: Uint8Array): Float32Array {
  const pixels = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) pixels[i] = values[bytes[i] as number] as number;
  return pixels;
}
