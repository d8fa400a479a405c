/** Writes small ONNX files for tests, whole ones and broken ones. */

type Part = Uint8Array;

function varint(value: number | bigint): Part {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}

export function joined(parts: readonly Part[]): Part {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export const int = (field: number, value: number | bigint): Part => joined([varint(field << 3), varint(value)]);
export const bytes = (field: number, value: Part): Part =>
  joined([varint((field << 3) | 2), varint(value.length), value]);
export const text = (field: number, value: string): Part => bytes(field, new TextEncoder().encode(value));
export const message = (field: number, ...parts: readonly Part[]): Part => bytes(field, joined(parts));

/** A tensor of floats, or of int64 where its values are to be read as shapes and indices. */
export function tensor(name: string, dims: readonly number[], values: readonly number[], whole = false): Part {
  const data = whole ? BigInt64Array.from(values, BigInt) : Float32Array.from(values);
  const raw = new Uint8Array(data.buffer);
  return joined([...dims.map((length) => int(1, length)), int(2, whole ? 7 : 1), text(8, name), bytes(9, raw)]);
}

export type AttributeValue = number | readonly number[] | string | { readonly tensor: Part };

export interface Node {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly domain?: string;
  /** A whole number is an int, any other a float. */
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

function attribute(name: string, value: AttributeValue): Part {
  const content =
    typeof value === 'number'
      ? Number.isInteger(value)
        ? [int(3, value), int(20, 2)]
        : [joined([varint((2 << 3) | 5), new Uint8Array(Float32Array.of(value).buffer)]), int(20, 1)]
      : typeof value === 'string'
        ? [text(4, value), int(20, 3)]
        : 'tensor' in value
          ? [bytes(5, value.tensor), int(20, 4)]
          : [...value.map((one) => int(8, one)), int(20, 7)];
  return message(5, text(1, name), ...content);
}

export function node({ op, inputs, outputs, domain, attributes = {} }: Node): Part {
  return joined([
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(4, op),
    ...Object.entries(attributes).map(([name, value]) => attribute(name, value)),
    ...(domain === undefined ? [] : [text(7, domain)]),
  ]);
}

/** @param dims null for a length that is not fixed */
export function valueInfo(name: string, dims: readonly (number | null)[], elementType = 1): Part {
  const shape = dims.map((length) => message(1, ...(length === null ? [text(2, 'batch')] : [int(1, length)])));
  return joined([text(1, name), message(2, message(1, int(1, elementType), message(2, ...shape)))]);
}

export interface Model {
  readonly nodes: readonly (Node | Part)[];
  readonly initializers?: readonly Part[];
  readonly inputs: readonly Part[];
  readonly outputs: readonly Part[];
  readonly opset?: number;
  /** Fields beside these. */
  readonly more?: readonly Part[];
}

export function encodeModel({ nodes, initializers = [], inputs, outputs, opset = 17, more = [] }: Model): Uint8Array {
  const graph = [
    ...nodes.map((one) => bytes(1, one instanceof Uint8Array ? one : node(one))),
    ...initializers.map((one) => bytes(5, one)),
    ...inputs.map((one) => bytes(11, one)),
    ...outputs.map((one) => bytes(12, one)),
  ];
  return joined([
    int(1, 8),
    text(2, 'test'),
    message(8, text(1, ''), int(2, opset)),
    message(8, text(1, 'ai.onnx.ml'), int(2, 3)),
    message(7, ...graph),
    ...more,
  ]);
}
