/**
 * Kernels of ours for native TensorFlow: of its own ops, and on the processor of those in `native-ops.cc`, which take a
 * fifth of the time of TensorFlow's own (gradient of max-pooling), a third (input gradient of a first layer) or less than
 * half (convolutions of 3×3), or less than its top-k (the winners of a layer).
 */
import * as tf from '@tensorflow/tfjs';
import { type PoolAttributes, poolInfo } from '#core/kernels/max-pool-grad.ts';
import { maxPoolGradByMask, poolsQuarters } from '#core/kernels/max-pool-grad-by-mask.ts';
import { RELU_GRAD } from '#core/kernels/relu-grad.ts';
import { replaceKernel } from '#core/kernels/replace.ts';
import { WINNERS } from '#core/kernels/winners.ts';
import { registerConvolutions } from './native-convolution.ts';
import { nativeBackendName } from './native-name.ts';
import { geometry, runOp } from './native-op.ts';

/**
 * Registers them, once; `registerGradients` relies on ReluGrad.
 * @param gpu whether TensorFlow runs on a GPU, where the ops of `native-ops.cc` do not
 */
export function registerNativeKernels(gpu: boolean): void {
  replaceKernel(nativeBackendName, RELU_GRAD, () => ({ inputs, backend }) => {
    const { dy, y } = inputs as { dy: tf.TensorInfo; y: tf.TensorInfo };
    return runOp(backend, RELU_GRAD, [dy, y], { T: 'float' });
  });
  replaceKernel(nativeBackendName, tf.MaxPoolGrad, (stock) => (params) => {
    const { dy, input } = params.inputs as { dy: tf.Tensor4D; input: tf.Tensor4D };
    const attributes = params.attrs as unknown as PoolAttributes;
    if (!gpu) {
      return runOp(params.backend, 'ParapetMaxPoolGrad', [dy, input], geometry(poolInfo(input.shape, attributes)));
    }
    if (!poolsQuarters(input.shape, attributes)) return (stock as tf.KernelFunc)(params);
    return tf.tidy(() => maxPoolGradByMask(dy, input, params.inputs['output'] as tf.Tensor4D));
  });
  if (gpu) return;
  registerConvolutions();
  registerWinners();
}

function registerWinners(): void {
  replaceKernel(nativeBackendName, WINNERS, () => ({ inputs, attrs, backend }) => {
    const x = inputs.x as tf.Tensor2D;
    const { k } = attrs as unknown as { k: number };
    const [batch, size] = x.shape;
    return tf.tidy(() => {
      const mask = runOp(backend, 'ParapetWinners', [tf.reshape(x, [batch, 1, 1, size])], { geometry: [k] });
      return tf.reshape(mask, [batch, size]);
    });
  });
}
