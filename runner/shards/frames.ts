/**
 * Messages between processes as frames of a byte stream. Node's own channel would take a message of any length, and objects of
 * many classes; what comes from a process that holds a stranger's model is bounded before it is read, and is plain data.
 *
 * A frame is two lengths (of all that follows, and of the JSON; uint32, little-endian), the JSON, and then the bytes of its typed
 * arrays, which the JSON names by kind, offset and length.
 */

const arrays = { Float32Array, Float64Array, Int32Array, Uint8Array } as const;
type Kind = keyof typeof arrays;
type TypedArray = InstanceType<(typeof arrays)[Kind]>;

const HEAD_BYTES = 8;
/** Nesting of what is sent: a message, its task, its line, the options of that. */
const MOST_DEPTH = 12;

export interface FrameLimits {
  /** Longest frame that is taken now, in bytes. */
  bytes(): number;
  /** Longest JSON within one. */
  readonly jsonBytes: number;
}

/** A frame that breaks the rules; its message says which. */
export class FrameError extends Error {}

/** @returns the frame in parts, to be written one after another */
export function encodeFrame(message: unknown): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let offset = 0;
  const json = Buffer.from(
    JSON.stringify(
      pack(message, (array) => {
        const at = offset;
        parts.push(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
        offset += array.byteLength;
        return at;
      }),
    ),
  );
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32LE(4 + json.length + offset, 0);
  head.writeUInt32LE(json.length, 4);
  return [head, json, ...parts];
}

function pack(value: unknown, place: (array: TypedArray) => number): unknown {
  if (ArrayBuffer.isView(value)) {
    const kind = value instanceof Uint8Array ? 'Uint8Array' : value.constructor.name;
    if (!(kind in arrays)) throw new TypeError(`a message cannot hold a ${kind}`);
    const array = value as TypedArray;
    return { $array: kind, at: place(array), length: array.length };
  }
  if (typeof value === 'number' && !Number.isFinite(value)) return { $number: String(value) };
  if (Array.isArray(value)) return value.map((member) => pack(member, place));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, pack(member, place)]));
}

/**
 * Puts frames together from the pieces in which a stream brings them.
 * @returns a function that takes a piece, and throws a FrameError at the first byte that a frame may not have
 */
export function frameReader(limits: FrameLimits, onMessage: (message: unknown) => void): (piece: Uint8Array) => void {
  let pieces: Uint8Array[] = [];
  let held = 0;
  let wanted = HEAD_BYTES;
  return (piece) => {
    pieces.push(piece);
    held += piece.length;
    while (held >= wanted) {
      const bytes = Buffer.concat(pieces);
      pieces = [];
      let start = 0;
      for (;;) {
        const left = bytes.length - start;
        wanted = left < HEAD_BYTES ? HEAD_BYTES : frameLength(bytes, start, limits);
        if (left < wanted) break;
        onMessage(decodeFrame(bytes.subarray(start, start + wanted)));
        start += wanted;
      }
      if (start < bytes.length) pieces.push(bytes.subarray(start));
      held = bytes.length - start;
    }
  };
}

/** Length of the frame that begins at `start`, of which the first 8 bytes are there. */
function frameLength(bytes: Buffer, start: number, { bytes: most, jsonBytes }: FrameLimits): number {
  const length = bytes.readUInt32LE(start);
  const json = bytes.readUInt32LE(start + 4);
  if (length > most()) throw new FrameError(`a message of ${length} bytes; at most ${most()} were expected`);
  if (json > jsonBytes || json + 4 > length) throw new FrameError(`a message with ${json} bytes of JSON`);
  return length + 4;
}

function decodeFrame(frame: Buffer): unknown {
  const end = HEAD_BYTES + frame.readUInt32LE(4);
  let json: unknown;
  try {
    json = JSON.parse(frame.toString('utf8', HEAD_BYTES, end));
  } catch {
    throw new FrameError('a message that is no JSON');
  }
  return unpack(json, frame.subarray(end), 0);
}

function unpack(value: unknown, bytes: Buffer, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MOST_DEPTH) throw new FrameError(`a message nested deeper than ${MOST_DEPTH}`);
  if (Array.isArray(value)) return value.map((member) => unpack(member, bytes, depth + 1));
  if ('$number' in value) return typeof value.$number === 'string' ? Number(value.$number) : Number.NaN;
  if ('$array' in value) return arrayOf(value as unknown as Record<'$array' | 'at' | 'length', unknown>, bytes);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, unpack(member, bytes, depth + 1)]));
}

function arrayOf({ $array, at, length }: Record<'$array' | 'at' | 'length', unknown>, bytes: Buffer): TypedArray {
  const make = typeof $array === 'string' && Object.hasOwn(arrays, $array) ? arrays[$array as Kind] : null;
  const isNumber = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 0;
  if (make === null || !isNumber(at) || !isNumber(length) || at + length * make.BYTES_PER_ELEMENT > bytes.length)
    throw new FrameError('a message with an array that is not in it');
  // A copy at an aligned address, which holds nothing else of the frame.
  const start = bytes.byteOffset + at;
  return new make(bytes.buffer.slice(start, start + length * make.BYTES_PER_ELEMENT) as ArrayBuffer);
}
