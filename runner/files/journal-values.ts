/** Typed arrays that a journal may hold, by the name under which they are written. */
const arrays = { Float32Array, Float64Array, Int32Array, Uint8Array, Uint16Array } as const;

type Kind = keyof typeof arrays;

interface EncodedArray {
  readonly kind: Kind;
  readonly base64: string;
}

/** A value of plain objects and typed arrays, as JSON can hold it. */
export function encodeValue(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) {
    const kind = value.constructor.name;
    if (!(kind in arrays)) throw new TypeError(`a journal cannot hold a ${kind}`);
    return { kind, base64: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') };
  }
  if (Array.isArray(value)) return value.map(encodeValue);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, encodeValue(member)]));
  }
  return value;
}

/** The inverse of `encodeValue`. */
export function decodeValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decodeValue);
  if (typeof value !== 'object' || value === null) return value;
  if (isEncodedArray(value)) {
    // A copy at an aligned address: small buffers of Node share one pool.
    const bytes = Uint8Array.from(Buffer.from(value.base64, 'base64'));
    return new arrays[value.kind](bytes.buffer);
  }
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, decodeValue(member)]));
}

function isEncodedArray(value: object): value is EncodedArray {
  return 'base64' in value && 'kind' in value && typeof value.kind === 'string' && value.kind in arrays;
}
