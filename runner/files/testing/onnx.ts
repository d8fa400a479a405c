/** Writes the one ONNX file that tests of the command line need: images → flatten → W·x + b. */

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}

/** A field of bytes: a text, a message, packed values. */
function field(number: number, content: string | Uint8Array | readonly number[]): Uint8Array {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : Uint8Array.from(content);
  return Uint8Array.from([...varint(number * 8 + 2), ...varint(bytes.length), ...bytes]);
}

function whole(number: number, value: number): Uint8Array {
  return Uint8Array.from([...varint(number * 8), ...varint(value)]);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

function float32(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function valueInfo(name: string, dims: readonly (number | string)[]): Uint8Array {
  const shape = joined(...dims.map((dim) => field(1, typeof dim === 'number' ? whole(1, dim) : field(2, dim))));
  return joined(field(1, name), field(2, field(1, joined(whole(1, 1), field(2, shape)))));
}

function node(type: string, inputs: readonly string[], output: string, attributes: readonly Uint8Array[]): Uint8Array {
  return joined(
    ...inputs.map((input) => field(1, input)),
    field(2, output),
    field(4, type),
    ...attributes.map((attribute) => field(5, attribute)),
  );
}

const attribute = (name: string, value: number): Uint8Array => joined(field(1, name), whole(3, value), whole(20, 2));

export interface LinearOnnx {
  /** [height, width, channels] of an image; null leaves height and width open. */
  readonly inputShape: readonly [number | null, number | null, number];
  /** [classes × values], values in the order channel, height, width. */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
  /** Name of the file that the weights lie in from `offset` on; inside when absent. */
  readonly external?: { readonly location: string; readonly offset: number; readonly length: number };
}

/** @returns the bytes of a model of opset 17 with a dynamic batch */
export function linearOnnx({ inputShape, weights, bias, external }: LinearOnnx): Uint8Array {
  const [height, width, channels] = inputShape;
  const classes = bias.length;
  const dims = [whole(1, classes), whole(1, weights.length / classes)];
  const entry = (key: string, value: string | number) => field(13, joined(field(1, key), field(2, `${value}`)));
  const values =
    external === undefined
      ? [field(9, float32(weights))]
      : [...Object.entries(external).map(([key, value]) => entry(key, value)), whole(14, 1)];
  const graph = joined(
    field(1, node('Flatten', ['images'], 'rows', [attribute('axis', 1)])),
    field(1, node('Gemm', ['rows', 'weights', 'bias'], 'scores', [attribute('transB', 1)])),
    field(2, 'linear'),
    field(5, joined(...dims, whole(2, 1), field(8, 'weights'), ...values)),
    field(5, joined(whole(1, classes), whole(2, 1), field(8, 'bias'), field(9, float32(bias)))),
    field(11, valueInfo('images', ['batch', channels, height ?? 'height', width ?? 'width'])),
    field(12, valueInfo('scores', ['batch', classes])),
  );
  return joined(whole(1, 8), field(7, graph), field(8, joined(field(1, ''), whole(2, 17))));
}
