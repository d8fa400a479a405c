/**
 * The gradient of ReLU as one kernel. tfjs computes dy · step(x) with several ops, each a pass over memory.
 *
 * `ReluGrad { dy, y }` is dy where y > 0 and 0 elsewhere, with y = relu(x); keeping y instead of x saves memory, because
 * the next layer keeps y anyway. At x = 0 the gradient is 0, as in tfjs and TensorFlow.
 */
import * as tf from '@tensorflow/tfjs';
import { onHeap, replaceKernel } from './replace.ts';

export const RELU_GRAD = 'ReluGrad';

/** Registers the gradient of Relu, the kernel on every backend that needs no library, and the kernel's own gradient. */
export function registerReluGradient(): void {
  for (const backend of ['cpu', 'webgl', 'webgpu']) replaceKernel(backend, RELU_GRAD, () => plain);
  replaceKernel('wasm', RELU_GRAD, () => wasm);
  tf.registerGradient({
    kernelName: tf.Relu,
    outputsToSave: [true],
    gradFunc: (dy, [y]) => ({ x: () => reluGrad(dy as tf.Tensor, y as tf.Tensor) }),
  });
  // Linear in dy; flat in y wherever it has a derivative.
  tf.registerGradient({
    kernelName: RELU_GRAD,
    inputsToSave: ['y'],
    gradFunc: (ddx, [y]) => ({
      dy: () => reluGrad(ddx as tf.Tensor, y as tf.Tensor),
      y: () => tf.zerosLike(y as tf.Tensor),
    }),
  });
}

function reluGrad(dy: tf.Tensor, y: tf.Tensor): tf.Tensor {
  return tf.engine().runKernel(RELU_GRAD, { dy, y });
}

const plain: tf.KernelFunc = ({ inputs }) => tf.mul(inputs.dy as tf.Tensor, tf.step(inputs.y as tf.Tensor));

const wasm: tf.KernelFunc = ({ inputs, backend }) => {
  const { dy, y } = inputs as { dy: tf.TensorInfo; y: tf.TensorInfo };
  const { output, values, inputs: views } = onHeap(backend, y.shape, [dy, y]);
  const [gradient, activation] = views as [Float32Array, Float32Array];
  for (let i = 0; i < values.length; i++) values[i] = (activation[i] as number) > 0 ? (gradient[i] as number) : 0;
  return output;
};
