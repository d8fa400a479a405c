/**
 * Kernels of ours for native TensorFlow: of its own ops, and on the processor of those in `native-ops.cc`, which take a
 * quarter of the time of TensorFlow's own (gradient of max-pooling) or a third (input gradient of a first layer).
 */
import * as tf from '@tensorflow/tfjs';
import { type ConvAttributes, convInfo } from '#core/kernels/conv2d-backprop.ts';
import { type PoolAttributes, poolInfo } from '#core/kernels/max-pool-grad.ts';
import { RELU_GRAD } from '#core/kernels/relu-grad.ts';
import { replaceKernel } from '#core/kernels/replace.ts';
import { nativeBackendName } from './native-name.ts';

/** What we use of tfjs-node's backend. */
interface NodeBackend {
  binding: { TF_ATTR_TYPE: number; TF_ATTR_INT: number; TF_FLOAT: number };
  executeSingleOutput(op: string, attributes: object[], inputs: tf.TensorInfo[]): tf.Tensor;
}

/** The most taps (height × width × input channels of a filter) that the op of ours takes. */
const MOST_TAPS = 32;

/**
 * Registers them, once; `registerGradients` relies on ReluGrad.
 * @param gpu whether TensorFlow runs on a GPU, where the ops of `native-ops.cc` do not
 */
export function registerNativeKernels(gpu: boolean): void {
  replaceKernel(nativeBackendName, RELU_GRAD, () => ({ inputs, backend }) => {
    const { dy, y } = inputs as { dy: tf.TensorInfo; y: tf.TensorInfo };
    const node = backend as NodeBackend;
    const { TF_ATTR_TYPE, TF_FLOAT } = node.binding;
    return node.executeSingleOutput(RELU_GRAD, [{ name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT }], [dy, y]);
  });
  replaceKernel(nativeBackendName, tf.MaxPoolGrad, (stock) => (params) => {
    const { dy, input } = params.inputs as { dy: tf.Tensor4D; input: tf.Tensor4D };
    const info = poolInfo(input.shape, params.attrs as unknown as PoolAttributes);
    if (!gpu) return withGeometry(params.backend, 'ParapetMaxPoolGrad', info, [dy, input]);
    if (!halves(info)) return (stock as tf.KernelFunc)(params);
    return tf.tidy(() => maxPoolGradByMask(dy, input, params.inputs['output'] as tf.Tensor4D));
  });
  if (gpu) return;
  replaceKernel(nativeBackendName, tf.Conv2DBackpropInput, (stock) => (params) => {
    const { dy, filter } = params.inputs as { dy: tf.TensorInfo; filter: tf.TensorInfo };
    const attributes = params.attrs as unknown as ConvAttributes;
    const [height = 0, width = 0, channels = 0] = filter.shape;
    const few = channels <= 4 && height * width * channels <= MOST_TAPS;
    if (!few || attributes.dataFormat === 'NCHW') return (stock as tf.KernelFunc)(params);
    const info = convInfo(attributes.inputShape, filter.shape as ConvAttributes['filterShape'], attributes);
    return withGeometry(params.backend, 'ParapetConvInputGrad', info, [dy, filter]);
  });
}

/**
 * Gradient of 2×2 max-pooling as TensorFlow ops: dy where a cell equals its window's maximum and no earlier one does.
 * For the GPU, whose own op promises nothing about equal cells.
 * @param dy gradient of the pooled images [batch, height / 2, width / 2, channels]
 * @param x images [batch, height, width, channels], height and width even
 * @param y pooled images, of dy's shape
 */
export function maxPoolGradByMask(dy: tf.Tensor4D, x: tf.Tensor4D, y: tf.Tensor4D): tf.Tensor4D {
  const [batch, rows, columns, channels] = y.shape;
  const windows = [batch * rows, 1, columns, 1, channels];
  const cells = [batch * rows, 2, columns, 2, channels];
  const largest = tf.equal(tf.reshape(x, cells), tf.reshape(y, windows));
  const [left, right] = tf.split(largest, 2, 3) as [tf.Tensor, tf.Tensor];
  const inRow = tf.concat([left, tf.logicalAnd(right, tf.logicalNot(left))], 3);
  const [upper, lower] = tf.split(inRow, 2, 1) as [tf.Tensor, tf.Tensor];
  const [above] = tf.split(tf.logicalOr(left, right), 2, 1) as [tf.Tensor];
  const first = tf.concat([upper, tf.logicalAnd(lower, tf.logicalNot(above))], 1);
  return tf.reshape(tf.mul(tf.cast(first, 'float32'), tf.reshape(dy, windows)), x.shape);
}

type Info = ReturnType<typeof poolInfo>;

/** Whether a pooling is of 2×2 windows that cover the image. */
function halves(info: Info): boolean {
  const { filterHeight, filterWidth, strideHeight, strideWidth, inHeight, inWidth, padInfo } = info;
  const sides = [filterHeight, filterWidth, strideHeight, strideWidth];
  return sides.every((side) => side === 2) && inHeight % 2 === 0 && inWidth % 2 === 0 && padInfo.type === 'VALID';
}

/** Runs an op of `native-ops.cc`, which all take the geometry in this order. */
function withGeometry(backend: unknown, op: string, info: Info, inputs: tf.TensorInfo[]): tf.Tensor {
  const { filterHeight, filterWidth, strideHeight, strideWidth, padInfo, inHeight, inWidth } = info;
  const value = [filterHeight, filterWidth, strideHeight, strideWidth, padInfo.top, padInfo.left, inHeight, inWidth];
  const node = backend as NodeBackend;
  return node.executeSingleOutput(op, [{ name: 'geometry', type: node.binding.TF_ATTR_INT, value }], inputs);
}
