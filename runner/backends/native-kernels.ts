/** Kernels of ours for native TensorFlow, made of its own ops. */
import type * as tf from '@tensorflow/tfjs';
import { RELU_GRAD } from '#core/kernels/relu-grad.ts';
import { replaceKernel } from '#core/kernels/replace.ts';
import { nativeBackendName } from './native-name.ts';

/** What we use of tfjs-node's backend. */
interface NodeBackend {
  binding: { TF_ATTR_TYPE: number; TF_FLOAT: number };
  executeSingleOutput(op: string, attributes: object[], inputs: tf.TensorInfo[]): tf.Tensor;
}

/** Registers them, once; `registerGradients` relies on ReluGrad. */
export function registerNativeKernels(): void {
  replaceKernel(nativeBackendName, RELU_GRAD, () => ({ inputs, backend }) => {
    const { dy, y } = inputs as { dy: tf.TensorInfo; y: tf.TensorInfo };
    const node = backend as NodeBackend;
    return node.executeSingleOutput(RELU_GRAD, [floatType(node)], [dy, y]);
  });
}

function floatType({ binding }: NodeBackend): object {
  return { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT };
}
