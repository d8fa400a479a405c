/**
 * Protocol Buffers as they lie in a file, as far as ONNX needs them: a message is a list of numbered fields, each a whole number, four or
 * eight bytes, or a stretch of bytes. Nothing is copied and nothing allocated by what the file says.
 *
 * Source: https://protobuf.dev/programming-guides/encoding/
 */
import { limits } from './limits.ts';
import { refuse } from './refuse.ts';

/** A field's value: `int` of a varint, else `bytes`: 4, 8, or as many as the field says. */
export type WireValue =
  | { readonly type: 'varint'; readonly int: bigint }
  | { readonly type: 'fixed32' | 'fixed64' | 'bytes'; readonly bytes: Uint8Array };

/**
 * Calls `visit` for each field of a message, in order.
 * @param what names the message in an error
 * @throws ParapetError 'submission' when the bytes are not a message
 */
export function readMessage(message: Uint8Array, what: string, visit: (field: number, value: WireValue) => void): void {
  let at = 0;
  const broken = (why: string): never => refuse(`${what} is not whole: ${why} at byte ${at} of ${message.length}`);

  function varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message[at++];
      if (byte === undefined) return broken('a number is cut off');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    return broken('a number is longer than ten bytes');
  }

  function take(length: number): Uint8Array {
    if (length > message.length - at) broken(`a field of ${length} bytes is cut off`);
    at += length;
    return message.subarray(at - length, at);
  }

  while (at < message.length) {
    const key = varint();
    const field = Number(key >> 3n);
    if (field < 1 || field > 2 ** 29) broken(`there is no field ${field}`);
    switch (Number(key & 7n)) {
      case 0:
        visit(field, { type: 'varint', int: varint() });
        break;
      case 1:
        visit(field, { type: 'fixed64', bytes: take(8) });
        break;
      case 2:
        visit(field, { type: 'bytes', bytes: take(Number(varint())) });
        break;
      case 5:
        visit(field, { type: 'fixed32', bytes: take(4) });
        break;
      default:
        broken(`field ${field} has an unknown kind`);
    }
  }
}

/** A signed whole number of 64 bits; beyond 2^53, as in the ends of slices, to the nearest that a double holds. */
export function intOf(value: WireValue, what: string): number {
  if (value.type !== 'varint') return refuse(`${what} is not a whole number`);
  return Number(BigInt.asIntN(64, value.int));
}

export function bytesOf(value: WireValue, what: string): Uint8Array {
  if (value.type !== 'bytes') return refuse(`${what} is not bytes`);
  return value.bytes;
}

export function floatOf(value: WireValue, what: string): number {
  if (value.type !== 'fixed32') return refuse(`${what} is not a float`);
  return viewOf(value.bytes).getFloat32(0, true);
}

export function stringOf(value: WireValue, what: string): string {
  const bytes = bytesOf(value, what);
  if (bytes.length > limits.stringBytes) {
    refuse(`${what} is a text of ${bytes.length} bytes; the limit is ${limits.stringBytes}`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return refuse(`${what} is not UTF-8`);
  }
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Adds the numbers of a repeated field, one by one or packed into bytes. */
export function pushInts(value: WireValue, what: string, to: number[]): void {
  if (value.type === 'varint') to.push(intOf(value, what));
  else {
    // Packed numbers are a message without keys: the same reader, one varint at a time.
    const bytes = bytesOf(value, what);
    let number = 0n;
    let shift = 0n;
    for (const byte of bytes) {
      if (shift > 63n) refuse(`${what} has a number of more than ten bytes`);
      number |= BigInt(byte & 0x7f) << shift;
      shift += 7n;
      if (byte < 0x80) {
        to.push(Number(BigInt.asIntN(64, number)));
        [number, shift] = [0n, 0n];
        if (to.length > limits.numbers) refuse(`${what} has over ${limits.numbers} numbers`);
      }
    }
    if (shift > 0n) refuse(`${what} ends within a number`);
  }
  if (to.length > limits.numbers) refuse(`${what} has over ${limits.numbers} numbers`);
}

export function pushFloats(value: WireValue, what: string, to: number[]): void {
  if (value.type === 'fixed32') to.push(floatOf(value, what));
  else {
    const bytes = bytesOf(value, what);
    if (bytes.length % 4 !== 0 || to.length + bytes.length / 4 > limits.numbers) {
      refuse(`${what} has ${bytes.length} bytes of floats; wanted a multiple of 4, at most ${limits.numbers} numbers`);
    }
    const view = viewOf(bytes);
    for (let i = 0; i < bytes.length; i += 4) to.push(view.getFloat32(i, true));
  }
  if (to.length > limits.numbers) refuse(`${what} has over ${limits.numbers} numbers`);
}
