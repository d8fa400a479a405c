/** The values of stored tensors, widened to what the reader computes with: float32, and whole numbers that a double holds. */
import { fromBrain, fromHalf } from '../half.ts';
import { limits } from './limits.ts';
import type { External, StoredOnnxTensor } from './message-tensor.ts';
import { refuse } from './refuse.ts';
import { type HostValue, hostValue, type Kind, sizeOf } from './value.ts';
import { viewOf } from './wire.ts';

/** Reads the bytes of another file that a tensor names; null where there may be none. */
export type ReadExternal = ((external: External) => Uint8Array) | null;

interface Type {
  readonly name: string;
  readonly kind: Kind;
  readonly bytes: number;
  read(view: DataView, at: number): number;
  /** From the number that stands for it in `int32_data`. */
  readonly fromInt?: (int: number) => number;
}

/** By their numbers in the format. */
const types: Readonly<Record<number, Type>> = {
  1: { name: 'float', kind: 'float', bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  2: { name: 'uint8', kind: 'int', bytes: 1, read: (view, at) => view.getUint8(at) },
  3: { name: 'int8', kind: 'int', bytes: 1, read: (view, at) => view.getInt8(at) },
  4: { name: 'uint16', kind: 'int', bytes: 2, read: (view, at) => view.getUint16(at, true) },
  5: { name: 'int16', kind: 'int', bytes: 2, read: (view, at) => view.getInt16(at, true) },
  6: { name: 'int32', kind: 'int', bytes: 4, read: (view, at) => view.getInt32(at, true) },
  7: { name: 'int64', kind: 'int', bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
  9: { name: 'bool', kind: 'bool', bytes: 1, read: (view, at) => (view.getUint8(at) === 0 ? 0 : 1) },
  10: {
    name: 'float16',
    kind: 'float',
    bytes: 2,
    read: (view, at) => fromHalf(view.getUint16(at, true)),
    fromInt: fromHalf,
  },
  11: { name: 'double', kind: 'float', bytes: 8, read: (view, at) => view.getFloat64(at, true) },
  12: { name: 'uint32', kind: 'int', bytes: 4, read: (view, at) => view.getUint32(at, true) },
  13: { name: 'uint64', kind: 'int', bytes: 8, read: (view, at) => Number(view.getBigUint64(at, true)) },
  16: {
    name: 'bfloat16',
    kind: 'float',
    bytes: 2,
    read: (view, at) => fromBrain(view.getUint16(at, true)),
    fromInt: fromBrain,
  },
};

/** What a tensor of this element type is computed as. */
export function kindOf(dataType: number, what: string): Kind {
  return typeOf(dataType, what).kind;
}

function typeOf(dataType: number, what: string): Type {
  const type = types[dataType];
  if (type !== undefined) return type;
  const known = Object.values(types).map(({ name }) => name);
  return refuse(`${what} is of the unsupported element type ${dataType}`, `supported are ${known.join(', ')}`);
}

/**
 * @param what names the tensor in an error
 * @throws ParapetError 'submission' when its sizes do not fit together
 */
export function decodeTensorData(tensor: StoredOnnxTensor, what: string, readExternal: ReadExternal): HostValue {
  const { dims, dataType, floats, ints } = tensor;
  const type = typeOf(dataType, what);
  const count = sizeOf(dims);
  if (dims.length > limits.rank || dims.some((length) => length < 0) || count > limits.elements) {
    refuse(`${what} has the shape [${dims}]; the limits are ${limits.rank} axes and ${limits.elements} values`);
  }
  const bytes = bytesOf(tensor, what, readExternal);
  if (bytes !== null) {
    if (bytes.length !== count * type.bytes) {
      refuse(`${what} has ${bytes.length} bytes; [${dims}] of ${type.name} needs ${count * type.bytes}`);
    }
    const view = viewOf(bytes);
    const data = type.kind === 'float' ? new Float32Array(count) : new Float64Array(count);
    for (let i = 0; i < count; i++) data[i] = type.read(view, i * type.bytes);
    return hostValue(type.kind, dims, data);
  }
  const numbers = type.name === 'float' ? floats : ints.map((int) => type.fromInt?.(int) ?? int);
  if (numbers.length !== count) refuse(`${what} has ${numbers.length} values; [${dims}] needs ${count}`);
  return hostValue(type.kind, dims, numbers);
}

function bytesOf(tensor: StoredOnnxTensor, what: string, readExternal: ReadExternal): Uint8Array | null {
  if (tensor.external !== null) {
    if (readExternal === null) {
      return refuse(
        `${what} lies in another file, '${tensor.external.location}'`,
        'export with the weights inside: torch.onnx.export(…, external_data=False), or onnx.save(onnx.load(path), path)',
      );
    }
    return readExternal(tensor.external);
  }
  return tensor.raw ?? (tensor.dataType === 11 ? tensor.doubles : null);
}
