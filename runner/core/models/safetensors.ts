/**
 * Safetensors: an 8-byte little-endian header length, a JSON header, and the tensors' bytes, little-endian.
 *
 * The reader is strict, because files come from strangers: every size is checked before anything is allocated, tensors
 * must lie in the order of the header's offsets without gap, overlap or trailing byte, and the header may hold nothing
 * that the format does not name.
 *
 * Source: https://github.com/huggingface/safetensors, format section.
 */
import { ParapetError } from '../errors.ts';
import { fromBrain, fromHalf, toHalf } from './half.ts';
import { isRecord, parseStrictJson } from './strict-json.ts';

const arrays = {
  F32: Float32Array,
  F64: Float64Array,
  I64: BigInt64Array,
  I32: Int32Array,
  I16: Int16Array,
  I8: Int8Array,
  U32: Uint32Array,
  U16: Uint16Array,
  U8: Uint8Array,
} as const;

/** Floats of 16 bits, which are widened to float32 when they are read. */
const halves = { F16: fromHalf, BF16: fromBrain } as const;

type WideType = keyof typeof arrays;
export type DType = WideType | keyof typeof halves;
export type TensorData =
  | Float32Array
  | Float64Array
  | BigInt64Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint32Array
  | Uint16Array
  | Uint8Array;

export interface StoredTensor {
  /** As it stands in the file. */
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Of F16 and BF16 the float32 of the same value. */
  readonly data: TensorData;
}

export interface Safetensors {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** What a reader is willing to take; the defaults suit weights and evidence. */
export interface SafetensorsLimits {
  readonly headerBytes: number;
  readonly tensors: number;
  readonly rank: number;
}

const defaultLimits: SafetensorsLimits = { headerBytes: 1 << 20, tensors: 10_000, rank: 8 };

function refuse(what: string): never {
  throw new ParapetError('submission', `safetensors: ${what}`, 'write the file anew with a safetensors library');
}

function parseHeader(bytes: Uint8Array, limits: SafetensorsLimits): { header: Record<string, unknown>; start: number } {
  if (bytes.byteLength < 8) refuse(`${bytes.byteLength} bytes, shorter than its length field`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(Math.min(limits.headerBytes, bytes.byteLength - 8))) {
    refuse(`header of ${length} bytes; the file has ${bytes.byteLength} and the limit is ${limits.headerBytes}`);
  }
  const start = 8 + Number(length);
  if (bytes[8] !== 0x7b) refuse('the header does not start with {');
  const header = parseStrictJson(bytes.subarray(8, start), (what) => refuse(`the header ${what}`));
  if (!isRecord(header)) refuse('the header is not an object');
  return { header, start };
}

function isHalf(dtype: DType): dtype is keyof typeof halves {
  return Object.hasOwn(halves, dtype);
}

interface Entry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function parseEntry(name: string, value: unknown, limits: SafetensorsLimits): Entry {
  if (!isRecord(value)) refuse(`'${name}' is not an object`);
  for (const key of Object.keys(value)) {
    if (key !== 'dtype' && key !== 'shape' && key !== 'data_offsets') refuse(`'${name}' has an unknown field '${key}'`);
  }
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !(Object.hasOwn(arrays, dtype) || Object.hasOwn(halves, dtype))) {
    const known = [...Object.keys(halves), ...Object.keys(arrays)].join(', ');
    refuse(`'${name}' has dtype ${JSON.stringify(dtype)}; wanted one of ${known}`);
  }
  if (!Array.isArray(shape) || shape.length > limits.rank || !shape.every(isSize)) {
    refuse(`'${name}' has shape ${JSON.stringify(shape)}; wanted at most ${limits.rank} whole numbers ≥ 0`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
    refuse(`'${name}' has data_offsets ${JSON.stringify(offsets)}; wanted [begin, end]`);
  }
  const [begin, end] = offsets as [number, number];
  const width = isHalf(dtype as DType) ? 2 : arrays[dtype as WideType].BYTES_PER_ELEMENT;
  const size = shape.reduce((product: number, n: number) => product * n, 1) * width;
  if (!Number.isSafeInteger(size) || end - begin !== size) {
    refuse(`'${name}' spans ${end - begin} bytes; its shape and dtype need ${size}`);
  }
  return { name, dtype: dtype as DType, shape, begin, end };
}

/**
 * @param bytes a whole file
 * @throws ParapetError 'submission' that says what is wrong
 */
export function decodeSafetensors(bytes: Uint8Array, limits: SafetensorsLimits = defaultLimits): Safetensors {
  const { header, start } = parseHeader(bytes, limits);
  const metadata = new Map<string, string>();
  const entries: Entry[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') {
      if (!isRecord(value)) refuse('__metadata__ is not an object');
      for (const [key, text] of Object.entries(value)) {
        if (typeof text !== 'string') refuse(`__metadata__.${key} is not a string`);
        metadata.set(key, text);
      }
    } else entries.push(parseEntry(name, value, limits));
  }
  if (entries.length > limits.tensors) refuse(`${entries.length} tensors; the limit is ${limits.tensors}`);
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let position = 0;
  for (const entry of entries) {
    if (entry.begin !== position)
      refuse(`'${entry.name}' begins at ${entry.begin}; the tensor before it ends at ${position}`);
    position = entry.end;
  }
  if (start + position !== bytes.byteLength) {
    refuse(`${bytes.byteLength - start} bytes of data; the header accounts for ${position}`);
  }
  const tensors = new Map<string, StoredTensor>();
  for (const { name, dtype, shape, begin, end } of entries) {
    // A copy, because a tensor may start at an address that its type cannot be read from; not by slice(), which a Node
    // Buffer overrides to share its memory.
    const { buffer } = new Uint8Array(bytes.subarray(start + begin, start + end));
    const data = isHalf(dtype) ? Float32Array.from(new Uint16Array(buffer), halves[dtype]) : new arrays[dtype](buffer);
    tensors.set(name, { dtype, shape, data });
  }
  return { tensors, metadata };
}

/** A tensor to write. */
export interface WrittenTensor {
  readonly shape: readonly number[];
  readonly data: TensorData;
  /** Stores the nearest values of half precision, F16; as the data's type says when absent. */
  readonly half?: true;
}

function storedAs({ data, half }: WrittenTensor): { dtype: DType; stored: TensorData } {
  if (half) return { dtype: 'F16', stored: Uint16Array.from(data as Float32Array, toHalf) };
  const found = Object.entries(arrays).find(([, array]) => data.constructor === array);
  return { dtype: (found as [WideType, unknown])[0], stored: data };
}

/**
 * Tensors are laid out widest type first and then by name, so that equal contents give equal bytes and every tensor is aligned.
 * @param tensors by name; a shape's product must be the data's length
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, WrittenTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const entries = Object.entries(tensors).map(([name, tensor]) => ({ name, shape: tensor.shape, ...storedAs(tensor) }));
  entries.sort((a, b) => b.stored.BYTES_PER_ELEMENT - a.stored.BYTES_PER_ELEMENT || (a.name < b.name ? -1 : 1));
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) {
    header.__metadata__ = Object.fromEntries(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)));
  }
  let position = 0;
  for (const { name, shape, dtype, stored } of entries) {
    const elements = shape.reduce((product, n) => product * n, 1);
    if (elements !== stored.length)
      throw new Error(`'${name}': shape [${shape}] needs ${elements} values, got ${stored.length}`);
    header[name] = { dtype, shape, data_offsets: [position, position + stored.byteLength] };
    position += stored.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + padded + position).fill(0x20, 8, 8 + padded);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(json, 8);
  let offset = 8 + padded;
  for (const { stored } of entries) {
    bytes.set(new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength), offset);
    offset += stored.byteLength;
  }
  return bytes;
}
