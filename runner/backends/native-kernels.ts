/**
 * Kernels of ours for native TensorFlow: of its own ops, and on the processor of those in `native-ops.cc`, which take a
 * quarter of the time of TensorFlow's own (gradient of max-pooling) or a third (input gradient of a first layer).
 */
import * as tf from '@tensorflow/tfjs';
import { type ConvAttributes, convInfo } from '#core/kernels/conv2d-backprop.ts';
import { type PoolAttributes, poolInfo } from '#core/kernels/max-pool-grad.ts';
import { maxPoolGradByMask, poolsQuarters } from '#core/kernels/max-pool-grad-by-mask.ts';
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
    const attributes = params.attrs as unknown as PoolAttributes;
    if (!gpu) return withGeometry(params.backend, 'ParapetMaxPoolGrad', poolInfo(input.shape, attributes), [dy, input]);
    if (!poolsQuarters(input.shape, attributes)) return (stock as tf.KernelFunc)(params);
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

type Info = ReturnType<typeof poolInfo>;

/** Runs an op of `native-ops.cc`, which all take the geometry in this order. */
function withGeometry(backend: unknown, op: string, info: Info, inputs: tf.TensorInfo[]): tf.Tensor {
  const { filterHeight, filterWidth, strideHeight, strideWidth, padInfo, inHeight, inWidth } = info;
  const value = [filterHeight, filterWidth, strideHeight, strideWidth, padInfo.top, padInfo.left, inHeight, inWidth];
  const node = backend as NodeBackend;
  return node.executeSingleOutput(op, [{ name: 'geometry', type: node.binding.TF_ATTR_INT, value }], inputs);
}
