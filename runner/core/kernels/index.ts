/**
 * Kernels and gradients of ours on top of tfjs, the same in Node and in the browser.
 * Each exists because the stock one is missing, wrong or slow; its file says which.
 */
import { registerBatchMatMul } from './batch-mat-mul.ts';
import { registerConv2DBackprop } from './conv2d-backprop.ts';
import { registerConvolutionReluGradients } from './convolution-relu.ts';
import { registerConvolutionReluPoolGradients } from './convolution-relu-pool.ts';
import { registerDepthwiseBackprop } from './depthwise-backprop.ts';
import { registerMaxPoolGrad } from './max-pool-grad.ts';
import { registerMaxPoolGradByMask } from './max-pool-grad-by-mask.ts';
import { registerReluGradient } from './relu-grad.ts';
import { registerSecondOrderGradients } from './second-order.ts';
import { registerSign } from './sign.ts';
import { registerWinners } from './winners.ts';

/** Replaces kernels of the wasm backend. Call it once tfjs's wasm backend is imported; calling it again does nothing. */
export function registerWasmKernels(): void {
  registerConv2DBackprop();
  registerDepthwiseBackprop();
  registerBatchMatMul();
  registerMaxPoolGrad();
  registerSign();
  registerWinners();
}

/** Replaces kernels of a browser's GPU backend; call it once that backend is imported. */
export function registerGpuKernels(backendName: 'webgl' | 'webgpu'): void {
  registerMaxPoolGradByMask(backendName);
}

/** Registers gradients, for every backend; native TensorFlow needs the kernel of `runner/backends/native-kernels.ts`. */
export function registerGradients(): void {
  registerReluGradient();
  registerConvolutionReluGradients();
  registerConvolutionReluPoolGradients();
  registerSecondOrderGradients();
}
