import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeSafetensors, encodeSafetensors } from '#core/models/safetensors.ts';

const header = (json: string, data = 0) => {
  const text = new TextEncoder().encode(json);
  const bytes = new Uint8Array(8 + text.length + data);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
};
const entry = (begin: number, end: number, shape = `[${end - begin}]`) =>
  `{"dtype":"U8","shape":${shape},"data_offsets":[${begin},${end}]}`;

describe('safetensors', () => {
  test('gives back what was written, whatever the types, the order and the odd lengths', () => {
    const tensors = {
      b: { shape: [3], data: Uint8Array.of(1, 2, 255) },
      a: { shape: [2, 2], data: Float32Array.of(1, -0, 1e-40, Number.NaN) },
      c: { shape: [0, 5], data: new Int32Array(0) },
      d: { shape: [], data: Uint16Array.of(65535) },
      e: { shape: [1], data: Float64Array.of(Math.PI) },
      f: { shape: [], data: BigInt64Array.of(-(2n ** 63n)) },
    };
    const decoded = decodeSafetensors(encodeSafetensors(tensors, { k: 'v' }));
    expect(decoded.metadata.get('k')).toBe('v');
    for (const [name, { shape, data }] of Object.entries(tensors)) {
      expect(decoded.tensors.get(name)?.shape).toEqual(shape);
      expect(decoded.tensors.get(name)?.data).toEqual(data);
    }
  });

  test('reads from a Buffer as from any other bytes', () => {
    const file = encodeSafetensors({ w: { shape: [2], data: Float32Array.of(1, 2) } });
    expect(decodeSafetensors(Buffer.from(file)).tensors.get('w')?.data).toEqual(Float32Array.of(1, 2));
  });

  test('widens numbers of 16 bits exactly', () => {
    const json =
      '{"b":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]},"h":{"dtype":"F16","shape":[4],"data_offsets":[4,12]}}';
    const file = header(json, 12);
    const words = [0x3f80, 0xc049, 0x3c01, 0x0001, 0x7bff, 0x7c00];
    words.forEach((word, i) => {
      new DataView(file.buffer).setUint16(8 + json.length + 2 * i, word, true);
    });
    const { tensors } = decodeSafetensors(file);
    expect(tensors.get('b')).toEqual({ dtype: 'BF16', shape: [2], data: Float32Array.of(1, -3.140625) });
    const halves = Float32Array.of(1 + 2 ** -10, 2 ** -24, 65504, Number.POSITIVE_INFINITY);
    expect(tensors.get('h')).toEqual({ dtype: 'F16', shape: [4], data: halves });
  });

  test('the same contents in another order give the same bytes', () => {
    const a = { shape: [1], data: Float32Array.of(1) };
    const b = { shape: [1], data: Float32Array.of(2) };
    expect(encodeSafetensors({ a, b })).toEqual(encodeSafetensors({ b, a }));
  });

  test.each([
    ['an empty file', new Uint8Array(0), 'shorter'],
    ['a header longer than the file', header('{}').with(0, 200), 'header of 200 bytes'],
    ['a header that does not start with {', header(' {}'), 'start with {'],
    ['a header that is not JSON', header('{"a":'), 'not JSON'],
    ['a name that stands twice', header(`{"a":${entry(0, 1)},"a":${entry(0, 1)}}`, 1), 'twice'],
    ['a name that stands twice, escaped', header(`{"a":${entry(0, 1)},"\\u0061":${entry(0, 1)}}`, 1), 'twice'],
    ['an unknown dtype', header('{"a":{"dtype":"constructor","shape":[],"data_offsets":[0,0]}}'), 'dtype'],
    ['an unknown field', header('{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"x":1}}'), "unknown field 'x'"],
    ['a negative size', header('{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,0]}}'), 'shape'],
    ['a product that overflows', header(`{"a":${entry(0, 8, '[4294967296,4294967296]')}}`, 8), 'spans'],
    ['a size that does not fit the shape', header(`{"a":${entry(0, 2, '[3]')}}`, 2), 'need 3'],
    ['overlapping tensors', header(`{"a":${entry(0, 2)},"b":${entry(1, 3)}}`, 3), 'begins at 1'],
    ['a gap', header(`{"a":${entry(0, 1)},"b":${entry(2, 3)}}`, 3), 'begins at 2'],
    ['trailing bytes', header(`{"a":${entry(0, 1)}}`, 2), 'accounts for 1'],
    ['truncated data', header(`{"a":${entry(0, 4)}}`, 3), 'accounts for 4'],
    ['metadata that is not text', header('{"__metadata__":{"a":1}}'), '__metadata__.a'],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => decodeSafetensors(bytes)).toThrow(message);
  });

  test('a tensor named __proto__ is a tensor and pollutes nothing', () => {
    const { tensors } = decodeSafetensors(header(`{"__proto__":${entry(0, 1)}}`, 1));
    expect(tensors.has('__proto__')).toBe(true);
    expect(({} as Record<string, unknown>).dtype).toBeUndefined();
  });

  test('any damage either leaves a readable file or is refused by a ParapetError', () => {
    const good = encodeSafetensors({ w: { shape: [4], data: Float32Array.of(1, 2, 3, 4) } }, { k: 'v' });
    fc.assert(
      fc.property(
        fc.nat(good.length - 1),
        fc.integer({ min: 0, max: 255 }),
        fc.nat(good.length),
        (at, value, length) => {
          const bytes = good.slice(0, length === 0 ? good.length : length);
          if (at < bytes.length) bytes[at] = value;
          try {
            decodeSafetensors(bytes);
          } catch (error) {
            expect(error).toMatchObject({ name: 'ParapetError', kind: 'submission' });
          }
        },
      ),
      { numRuns: 2000, seed: 1 },
    );
  });
});
