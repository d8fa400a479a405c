/**
 * NumPy's format of one array: a magic number and a version, the length of a header, the header as a literal of Python, and the values.
 * The header is held against a grammar and never evaluated.
 *
 * Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
 */
import { ParapetError } from '#core/errors.ts';
import { fromHalf } from '#core/models/half.ts';

/** An array of numbers: widened to float32, or as whole numbers that a double holds. */
export interface NumberArray {
  readonly kind: 'float' | 'int' | 'byte';
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | Uint8Array;
}

interface Type {
  readonly bytes: number;
  readonly kind: NumberArray['kind'];
  read(view: DataView, at: number): number;
}

const types: Readonly<Record<string, Type>> = {
  f2: { bytes: 2, kind: 'float', read: (view, at) => fromHalf(view.getUint16(at, true)) },
  f4: { bytes: 4, kind: 'float', read: (view, at) => view.getFloat32(at, true) },
  f8: { bytes: 8, kind: 'float', read: (view, at) => view.getFloat64(at, true) },
  u1: { bytes: 1, kind: 'byte', read: (view, at) => view.getUint8(at) },
  i1: { bytes: 1, kind: 'int', read: (view, at) => view.getInt8(at) },
  u2: { bytes: 2, kind: 'int', read: (view, at) => view.getUint16(at, true) },
  i2: { bytes: 2, kind: 'int', read: (view, at) => view.getInt16(at, true) },
  u4: { bytes: 4, kind: 'int', read: (view, at) => view.getUint32(at, true) },
  i4: { bytes: 4, kind: 'int', read: (view, at) => view.getInt32(at, true) },
  u8: { bytes: 8, kind: 'int', read: (view, at) => Number(view.getBigUint64(at, true)) },
  i8: { bytes: 8, kind: 'int', read: (view, at) => Number(view.getBigInt64(at, true)) },
};

const MOST_VALUES = 2 ** 31;
const MAGIC = '\x93NUMPY';
const dictionary =
  /^\{\s*'descr':\s*'([^'\\]{1,20})'\s*,\s*'fortran_order':\s*(True|False),\s*'shape':\s*\(((?:\d+,?\s*)*)\),?\s*\}\s*$/;

/**
 * @param bytes a whole .npy file
 * @param what names the array in an error
 * @throws ParapetError 'usage' for what is no array of numbers, or holds objects of Python
 */
export function decodeNpy(bytes: Uint8Array, what: string): NumberArray {
  const refuse = (message: string, hint?: string): never => {
    throw new ParapetError('usage', `${what}: ${message}`, hint);
  };
  const latin = (start: number, end: number) => Buffer.from(bytes.subarray(start, end)).toString('latin1');
  if (latin(0, 6) !== MAGIC) refuse('is no array of NumPy');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [version = 0] = bytes.subarray(6, 7);
  const start = version === 1 ? 10 : 12;
  if (bytes.length < start) refuse('is cut short');
  const end = start + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (end > bytes.length || end > 2 ** 16) refuse('has a header that is cut short or too long');
  const [, descr = '', order, dims = ''] = dictionary.exec(latin(start, end)) ?? [];
  if (order === undefined) refuse('has a header that is not of an array of plain numbers', 'np.savez(path, x=x, y=y)');
  if (descr.endsWith('O')) refuse('holds objects of Python, which can be code', 'make it an array of numbers');
  const type = /^[<|]/.test(descr) ? types[descr.slice(1)] : undefined;
  if (type === undefined) {
    return refuse(`is of type ${descr}; wanted uint8, a whole number or a float, little-endian`, 'x.astype("float32")');
  }
  if (order === 'True') refuse('lies in Fortran’s order', 'save np.ascontiguousarray(x)');
  const shape = dims.split(',').flatMap((dim) => (dim.trim() === '' ? [] : [Number(dim)]));
  const count = shape.reduce((product, side) => product * side, 1);
  if (count > MOST_VALUES || bytes.length - end !== count * type.bytes) {
    refuse(`has ${bytes.length - end} bytes of values; its shape [${shape}] needs ${count * type.bytes}`);
  }
  if (type.kind === 'byte') return { kind: 'byte', shape, data: bytes.slice(end) };
  const data = type.kind === 'float' ? new Float32Array(count) : new Float64Array(count);
  for (let i = 0; i < count; i++) data[i] = type.read(view, end + i * type.bytes);
  return { kind: type.kind, shape, data };
}

/** @returns a .npy file of version 1 */
export function encodeNpy(shape: readonly number[], data: Float32Array | Int32Array | Float64Array): Uint8Array {
  const descr = data instanceof Float32Array ? '<f4' : data instanceof Float64Array ? '<f8' : '<i4';
  const dims = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${dims}), }`;
  // Values begin at a multiple of 64.
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const head = Buffer.alloc(10 + length, 0x20);
  head.write(MAGIC, 'latin1');
  head.set([1, 0], 6);
  head.writeUInt16LE(length, 8);
  head.write(text, 10, 'latin1');
  head[9 + length] = 0x0a;
  return Buffer.concat([head, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]);
}
