/** Numbers of 16 bits: widened to what every float32 holds exactly, and the nearest to a float32. */

/** The value of IEEE 754's half precision. */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const word = new DataView(new ArrayBuffer(4));

/** Largest finite value of half precision. */
export const LARGEST_HALF = 65504;

/** @returns the bits of the nearest value of half precision, of two as near the even one; of infinity from 65520 on */
export function toHalf(value: number): number {
  word.setFloat32(0, value);
  const sign = word.getUint16(0) & 0x8000;
  const exponent = ((word.getUint32(0) >>> 23) & 0xff) - 127;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (exponent > 15) return sign | 0x7c00;
  // Below 2^-14 steps are level. Above, a fraction that rounds up to 1024 is the next exponent's 0, as its bits say too.
  if (exponent < -14) return sign | toEven(size * 2 ** 24);
  return sign | (((exponent + 15) << 10) + toEven((size * 2 ** -exponent - 1) * 1024));
}

/** The nearest whole number, of two as near the even one, for numbers from 0 on: doubles from 2^52 on are whole. */
function toEven(value: number): number {
  return value + 2 ** 52 - 2 ** 52;
}

/** The value of bfloat16: the upper half of a float32. */
export function fromBrain(bits: number): number {
  word.setUint16(0, bits);
  return word.getFloat32(0);
}
