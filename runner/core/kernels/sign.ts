/**
 * The sign of every value: the stock wasm kernel gives 0 for |x| ≤ 1e-7, which zeroes half of the gradient of a
 * confident net, and the stock cpu kernel gives 0 for NaN, which hides it. Ours gives ±1, ±0 and NaN as IEEE would.
 */
import type * as tf from '@tensorflow/tfjs';
import { onHeap, replaceKernel } from './replace.ts';

/** Replaces the kernel on wasm and cpu; native TensorFlow does it right. */
export function registerSign(): void {
  replaceKernel('wasm', 'Sign', (stock) => (params) => {
    const x = params.inputs.x as tf.TensorInfo;
    if (x.dtype !== 'float32' && stock !== undefined) return stock(params);
    const { output, values, inputs } = onHeap(params.backend, x.shape, [x]);
    signs(inputs[0] as Float32Array, values);
    return output;
  });
  replaceKernel('cpu', 'Sign', (stock) => (params) => {
    const x = params.inputs.x as tf.TensorInfo;
    if (x.dtype !== 'float32' && stock !== undefined) return stock(params);
    const backend = params.backend as CpuBackend;
    const source = backend.data.get(x.dataId).values;
    const target = new Float32Array(source.length);
    signs(source, target);
    return backend.makeTensorInfo(x.shape, 'float32', target);
  });
}

/** What we use of tfjs's cpu backend. */
interface CpuBackend {
  data: { get(dataId: tf.DataId): { values: Float32Array } };
  makeTensorInfo(shape: number[], dtype: tf.DataType, values: Float32Array): tf.TensorInfo;
}

function signs(source: Float32Array, target: Float32Array): void {
  for (let i = 0; i < source.length; i++) {
    const value = source[i] as number;
    target[i] = value > 0 ? 1 : value < 0 ? -1 : value;
  }
}
