import * as tf from '@tensorflow/tfjs';
import { replaceKernel } from './replace.ts';

/** wasm multiplies transposed matrices by a slow loop: transposes them first, and the fast path takes them. */
export function registerBatchMatMul(): void {
  replaceKernel('wasm', tf.BatchMatMul, (stock) => (params) => {
    const { transposeA, transposeB } = params.attrs as { transposeA: boolean; transposeB: boolean };
    const kernel = stock as tf.KernelFunc;
    if (!transposeA && !transposeB) return kernel(params);
    return tf.tidy(() => {
      const a = orderly(params.inputs.a as tf.Tensor, transposeA);
      const b = orderly(params.inputs.b as tf.Tensor, transposeB);
      return tf.matMul(a, b);
    });
  });
}

function orderly(matrix: tf.Tensor, transposed: boolean): tf.Tensor {
  if (!transposed) return matrix;
  const axes = matrix.shape.map((_, axis) => axis);
  const last = axes.pop() as number;
  axes.splice(-1, 0, last);
  return tf.transpose(matrix, axes);
}
