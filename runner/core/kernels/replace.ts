import * as tf from '@tensorflow/tfjs';

/** What we use of tfjs's wasm backend: tensors lie on one heap, where JavaScript can read and write them in place. */
interface HeapBackend {
  makeOutput(shape: number[], dtype: tf.DataType): tf.TensorInfo;
  typedArrayFromHeap(info: tf.TensorInfo): Float32Array;
}

const ours = new WeakSet<tf.KernelConfig>();

/**
 * Puts a kernel of ours in the place of the stock one, once, however often it is called.
 * The stock kernel's set-up stays: ours may be built on it.
 * @param make is given the stock kernel, or undefined where the backend has none
 */
export function replaceKernel(
  backendName: string,
  kernelName: string,
  make: (stock: tf.KernelFunc | undefined) => tf.KernelFunc,
): void {
  const stock = tf.getKernel(kernelName, backendName) as tf.KernelConfig | undefined;
  if (stock !== undefined && ours.has(stock)) return;
  const config = { ...stock, kernelName, backendName, kernelFunc: make(stock?.kernelFunc) };
  ours.add(config);
  if (stock !== undefined) tf.unregisterKernel(kernelName, backendName);
  tf.registerKernel(config);
}

/**
 * A new float32 tensor on the heap of the wasm backend, with views of it and of some inputs.
 * The views hold until the next allocation, which may move the heap.
 */
export function onHeap(backend: unknown, shape: number[], inputs: readonly tf.TensorInfo[]) {
  const heap = backend as HeapBackend;
  const output = heap.makeOutput(shape, 'float32');
  return {
    output,
    values: heap.typedArrayFromHeap(output),
    inputs: inputs.map((input) => heap.typedArrayFromHeap(input)),
  };
}
