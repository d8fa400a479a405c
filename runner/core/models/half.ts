/** Numbers of 16 bits, widened to what every float32 holds exactly. */

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

/** The value of bfloat16: the upper half of a float32. */
export function fromBrain(bits: number): number {
  word.setUint16(0, bits);
  return word.getFloat32(0);
}
