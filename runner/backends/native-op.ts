import type * as tf from '@tensorflow/tfjs';

/** What we use of tfjs-node's backend. */
interface NodeBackend {
  binding: { TF_ATTR_TYPE: number; TF_ATTR_INT: number; TF_FLOAT: number };
  executeSingleOutput(op: string, attributes: object[], inputs: tf.TensorInfo[]): tf.Tensor;
}

/**
 * Runs an op of TensorFlow, or of ours in `native-ops.cc`, that has one output.
 * @param attributes lists of whole numbers, or the type 'float', by name
 */
export function runOp(
  backend: unknown,
  op: string,
  inputs: tf.TensorInfo[],
  attributes: Readonly<Record<string, readonly number[] | 'float'>>,
): tf.Tensor {
  const node = backend as NodeBackend;
  const { TF_ATTR_TYPE, TF_ATTR_INT, TF_FLOAT } = node.binding;
  const list = Object.entries(attributes).map(([name, value]) =>
    value === 'float' ? { name, type: TF_ATTR_TYPE, value: TF_FLOAT } : { name, type: TF_ATTR_INT, value },
  );
  return node.executeSingleOutput(op, list, inputs);
}

type Info = ReturnType<typeof tf.backend_util.computePool2DInfo>;

/** The attribute of an op that takes a `Geometry` of `native-common.h`, in its order. */
export function geometry(info: Info): { geometry: number[] } {
  const { filterHeight, filterWidth, strideHeight, strideWidth, padInfo } = info;
  const window = [filterHeight, filterWidth, strideHeight, strideWidth, padInfo.top, padInfo.left];
  return { geometry: [...window, info.inHeight, info.inWidth, info.outHeight, info.outWidth] };
}
