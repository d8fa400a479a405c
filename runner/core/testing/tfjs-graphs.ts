/** GraphModels written by hand, as TensorFlow's converter writes them; there is nothing in JavaScript that makes one. */
import type { Json, Saved } from './tfjs-saved.ts';

export const SAME = { s: 'U0FNRQ==' };
export const VALID = { s: 'VkFMSUQ=' };
export const NHWC = { s: 'TkhXQw==' };
export const ints = (...values: number[]) => ({ list: { i: values.map(String) } });
/** Fused operators: BiasAdd, and perhaps Relu. */
export const fusedOps = (...activations: 'UmVsdQ=='[]) => ({ list: { s: ['Qmlhc0FkZA==', ...activations] } });

export class GraphBuilder {
  readonly #nodes: Json[] = [];
  readonly #weights: Json[] = [];
  readonly #bytes: number[] = [];
  #count = 0;

  input(height: number, width: number, channels: number): string {
    const dim = ['-1', height, width, channels].map((size) => ({ size: String(size) }));
    return this.node('Placeholder', [], { dtype: { type: 'DT_FLOAT' }, shape: { shape: { dim } } });
  }

  /** Weights that are the same in every run, between ±0.5. */
  weights(...shape: number[]): string {
    const size = shape.reduce((product, side) => product * side, 1);
    return this.#constant(
      shape,
      'float32',
      Float32Array.from({ length: size }, (_, i) => Math.sin(7 * i + this.#count) / 2),
    );
  }

  /** Variances, all between 0.5 and 1.5. */
  variances(count: number): string {
    return this.#constant(
      [count],
      'float32',
      Float32Array.from({ length: count }, (_, i) => 1 + Math.sin(i) / 2),
    );
  }

  whole(shape: readonly number[], ...values: number[]): string {
    return this.#constant(shape, 'int32', Int32Array.from(values));
  }

  node(op: string, input: readonly string[], attr: Json = {}): string {
    const name = `${op}_${this.#count++}`;
    this.#nodes.push({ name, op, input: [...input], attr });
    return name;
  }

  save(): Saved {
    const json = {
      format: 'graph-model',
      generatedBy: '2.15.0',
      convertedBy: 'TensorFlow.js Converter v4.22.0',
      modelTopology: { node: this.#nodes, library: {}, versions: { producer: 1645 } },
      weightsManifest: [{ paths: ['group1-shard1of1.bin'], weights: this.#weights }],
    };
    return { json, shards: new Map([['group1-shard1of1.bin', Uint8Array.from(this.#bytes)]]) };
  }

  #constant(shape: readonly number[], dtype: string, values: Float32Array | Int32Array): string {
    const name = this.node('Const', [], { dtype: { type: dtype === 'int32' ? 'DT_INT32' : 'DT_FLOAT' } });
    this.#weights.push({ name, shape: [...shape], dtype });
    this.#bytes.push(...new Uint8Array(values.buffer));
    return name;
  }
}

/** A small net as Keras's come out: convolution and bias as one node, pooling, flattening by its own shape, softmax at the end. */
export function savedGraph(): Saved {
  const b = new GraphBuilder();
  const x = b.input(8, 8, 1);
  const convolution = { strides: ints(1, 1, 1, 1), padding: VALID, data_format: NHWC, dilations: ints(1, 1, 1, 1) };
  const fused = {
    ...convolution,
    explicit_paddings: { list: {} },
    num_args: { i: '1' },
    epsilon: { f: 0 },
    T: { type: 'DT_FLOAT' },
  };
  const maps = b.node('_FusedConv2D', [x, b.weights(3, 3, 1, 4), b.weights(4)], {
    ...fused,
    fused_ops: fusedOps('UmVsdQ=='),
  });
  const pooled = b.node('MaxPool', [maps], {
    ksize: ints(1, 2, 2, 1),
    strides: ints(1, 2, 2, 1),
    padding: VALID,
    data_format: NHWC,
  });
  const shape = b.node('Shape', [pooled], { out_type: { type: 'DT_INT32' } });
  const bounds = [b.whole([1], 0), b.whole([1], 1), b.whole([1], 1)];
  const batch = b.node('StridedSlice', [shape, ...bounds], {
    shrink_axis_mask: { i: '1' },
    Index: { type: 'DT_INT32' },
  });
  const target = b.node('Pack', [batch, b.whole([], 36)], { N: { i: '2' }, axis: { i: '0' } });
  const rows = b.node('Reshape', [pooled, target]);
  const scores = b.node('_FusedMatMul', [rows, b.weights(36, 3), b.weights(3)], {
    fused_ops: fusedOps(),
    num_args: { i: '1' },
    transpose_a: { b: false },
    transpose_b: { b: false },
  });
  b.node('Identity', [b.node('Softmax', [scores])]);
  return b.save();
}
