import type * as tf from '@tensorflow/tfjs';

/** What we use of tfjs-node's backend. */
interface NodeBackend {
  binding: { TF_ATTR_TYPE: number; TF_ATTR_INT: number; TF_FLOAT: number };
  executeMultipleOutputs(op: string, attributes: object[], inputs: tf.TensorInfo[], outputs: number): tf.Tensor[];
}

/**
 * Runs an op of TensorFlow, or of ours in `native-ops.cc`.
 * @param attributes lists of whole numbers, or the type 'float', by name
 * @returns its first output
 */
export function runOp(
  backend: unknown,
  op: string,
  inputs: tf.TensorInfo[],
  attributes: Readonly<Record<string, readonly number[] | 'float'>>,
): tf.Tensor {
  return runOps(backend, op, inputs, attributes, 1)[0] as tf.Tensor;
}

/** The same, for an op with several outputs. */
export function runOps(
  backend: unknown,
  op: string,
  inputs: tf.TensorInfo[],
  attributes: Readonly<Record<string, readonly number[] | 'float'>>,
  outputs: number,
): tf.Tensor[] {
  const node = backend as NodeBackend;
  const { TF_ATTR_TYPE, TF_ATTR_INT, TF_FLOAT } = node.binding;
  const list = Object.entries(attributes).map(([name, value]) =>
    value === 'float' ? { name, type: TF_ATTR_TYPE, value: TF_FLOAT } : { name, type: TF_ATTR_INT, value },
  );
  return node.executeMultipleOutputs(op, list, inputs, outputs);
}

type Info = Pick<
  ReturnType<typeof tf.backend_util.computePool2DInfo>,
  'padInfo' | `${'filter' | 'stride' | 'in' | 'out'}${'Height' | 'Width'}`
>;

/** The attribute of every op of ours, in the order of `Geometry` in `native-common.h`. */
export function geometry(info: Info): { geometry: number[] } {
  const { filterHeight, filterWidth, strideHeight, strideWidth, padInfo } = info;
  const window = [filterHeight, filterWidth, strideHeight, strideWidth, padInfo.top, padInfo.left];
  return { geometry: [...window, info.inHeight, info.inWidth, info.outHeight, info.outWidth] };
}
