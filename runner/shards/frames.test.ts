import { describe, expect, it } from 'vitest';
import { encodeFrame, FrameError, frameReader } from './frames.ts';

const loose = { bytes: () => 1e6, jsonBytes: 1e5 };
const bytesOf = (message: unknown) => Buffer.concat(encodeFrame(message));

/** Reads a stream that comes in pieces of so many bytes. */
function read(stream: Uint8Array, pieceLength = stream.length, limits = loose): unknown[] {
  const messages: unknown[] = [];
  const take = frameReader(limits, (message) => messages.push(message));
  for (let at = 0; at < stream.length; at += pieceLength) take(stream.subarray(at, at + pieceLength));
  return messages;
}

/** A frame of any JSON text, with the lengths that it says it has. */
function frame(json: string, more = 0, length = 4 + json.length + more, jsonLength = json.length): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(length, 0);
  head.writeUInt32LE(jsonLength, 4);
  return Buffer.concat([head, Buffer.from(json), Buffer.alloc(more)]);
}

const message = {
  kind: 'task',
  none: null,
  odd: [Number.NaN, Number.POSITIVE_INFINITY, -1.5],
  bytes: Uint8Array.of(1, 2, 3),
  x: Float32Array.of(0.1, Number.NaN, -0),
  deep: { y: Int32Array.of(-1, 7), d: Float64Array.of(Math.PI), empty: new Float32Array() },
};

describe('frames', () => {
  it.each([1, 3, 7, 64, 1e6])('bring messages over as they were, in pieces of %i bytes', (pieceLength) => {
    const stream = Buffer.concat([bytesOf(message), bytesOf('second'), bytesOf(message)]);
    expect(read(stream, pieceLength)).toEqual([message, 'second', message]);
  });

  it('take a buffer of Node for its bytes, and no other kind of array', () => {
    expect(read(bytesOf({ weights: Buffer.from('ab') }))).toEqual([{ weights: Uint8Array.of(97, 98) }]);
    expect(() => encodeFrame(BigInt64Array.of(1n))).toThrow(/cannot hold a BigInt64Array/);
  });

  it('keep a message back until its last byte is there', () => {
    const stream = bytesOf(message);
    expect(read(stream.subarray(0, stream.length - 1))).toEqual([]);
  });

  it('refuse a message that is longer than expected, from its first eight bytes', () => {
    const limits = { bytes: () => 100, jsonBytes: 50 };
    expect(() => read(frame('{}', 0, 2 ** 32 - 1), 8, limits)).toThrow(/4294967295 bytes; at most 100/);
    expect(() => read(bytesOf(new Float32Array(100)), 8, limits)).toThrow(FrameError);
    expect(() => read(frame('"a"', 60, 67, 60), 8, limits)).toThrow(/60 bytes of JSON/);
    expect(() => read(frame('{}', 0, 5, 2), 8)).toThrow(/2 bytes of JSON/);
  });

  it.each([
    ['{"$array":"Float32Array","at":0,"length":4}', 12],
    ['{"$array":"Float32Array","at":-4,"length":1}', 12],
    ['{"$array":"Float32Array","at":0,"length":1e300}', 12],
    ['{"$array":"Float32Array","at":0.5,"length":1}', 12],
    ['{"$array":"BigInt64Array","at":0,"length":1}', 12],
    ['{"$array":"constructor","at":0,"length":1}', 12],
    ['{"$array":{"toString":1},"at":0,"length":1}', 12],
  ])('refuse the array %s of 12 bytes', (json, more) => {
    expect(() => read(frame(json, more))).toThrow(FrameError);
  });

  it('refuse what is no JSON, or nested without an end', () => {
    expect(() => read(frame('{"a":'))).toThrow(/no JSON/);
    expect(() => read(frame('['.repeat(40_000) + ']'.repeat(40_000)))).toThrow(FrameError);
  });

  it('change no prototype', () => {
    const [parsed] = read(frame('{"__proto__":{"polluted":true}}'));
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
  });

  it('give arrays that share no memory', () => {
    const [{ a, b }] = read(bytesOf({ a: Uint8Array.of(1), b: Uint8Array.of(2) })) as [Record<'a' | 'b', Uint8Array>];
    expect(a?.buffer.byteLength).toBe(1);
    expect(b?.buffer).not.toBe(a?.buffer);
  });
});
