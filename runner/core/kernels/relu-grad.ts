/**
 * The gradient of ReLU as a kernel, so that native TensorFlow can do in one pass what tfjs does as dy · step(x) in several.
 * Elsewhere it is just that: on wasm a loop in JavaScript is ten times slower, because the branch is unpredictable.
 *
 * `ReluGrad { dy, y }` is dy where y > 0 and 0 elsewhere, with y = relu(x); keeping y instead of x saves memory, because
 * the next layer keeps y anyway. At x = 0 the gradient is 0, as in tfjs and TensorFlow.
 */
import * as tf from '@tensorflow/tfjs';
import { replaceKernel } from './replace.ts';

export const RELU_GRAD = 'ReluGrad';

/** Registers the gradient of Relu, the kernel on every backend that needs no library, and the kernel's own gradient. */
export function registerReluGradient(): void {
  for (const backend of ['cpu', 'wasm', 'webgl', 'webgpu']) replaceKernel(backend, RELU_GRAD, () => plain);
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

/** dy where y > 0, 0 elsewhere; y = relu(x). */
export function reluGrad<T extends tf.Tensor>(dy: T, y: T): T {
  return tf.engine().runKernel(RELU_GRAD, { dy, y });
}

const plain: tf.KernelFunc = ({ inputs }) => tf.mul(inputs.dy as tf.Tensor, tf.step(inputs.y as tf.Tensor));
