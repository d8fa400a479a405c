/**
 * The gradient of max-pooling on wasm, on the heap. Among equal cells of a window the first in reading order gets the
 * gradient, as on tfjs's cpu backend (the stock wasm kernel gives it to the last), so that backends agree.
 */
import * as tf from '@tensorflow/tfjs';
import { onHeap, replaceKernel } from './replace.ts';

type PoolInfo = ReturnType<typeof tf.backend_util.computePool2DInfo>;

export interface PoolAttributes {
  filterSize: number | [number, number];
  strides: number | [number, number];
  pad: 'valid' | 'same' | number | tf.backend_util.ExplicitPadding;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** Geometry of a pooling of channels-last images. */
export function poolInfo(shape: number[], { filterSize, strides, pad, dimRoundingMode }: PoolAttributes): PoolInfo {
  const images = shape as [number, number, number, number];
  return tf.backend_util.computePool2DInfo(images, filterSize, strides, 1, pad, dimRoundingMode);
}

export function registerMaxPoolGrad(): void {
  replaceKernel('wasm', tf.MaxPoolGrad, () => ({ inputs, attrs, backend }) => {
    const { dy, input } = inputs as { dy: tf.TensorInfo; input: tf.TensorInfo };
    const info = poolInfo(input.shape, attrs as unknown as PoolAttributes);
    const { output, values, inputs: views } = onHeap(backend, input.shape, [dy, input]);
    values.fill(0);
    scatter(info, views[0] as Float32Array, views[1] as Float32Array, values);
    return output;
  });
}

/** Adds each value of dy to the cell that won its window: [batch, height, width, channels], channels innermost. */
function scatter(info: PoolInfo, dy: Float32Array, x: Float32Array, dx: Float32Array): void {
  const { batchSize, inChannels: channels, inHeight, inWidth, outHeight, outWidth } = info;
  let out = 0;
  for (let image = 0; image < batchSize; image++) {
    for (let row = 0; row < outHeight; row++) {
      const top = row * info.strideHeight - info.padInfo.top;
      const rowEnd = Math.min(inHeight, top + info.filterHeight);
      for (let column = 0; column < outWidth; column++) {
        const left = column * info.strideWidth - info.padInfo.left;
        const columnEnd = Math.min(inWidth, left + info.filterWidth);
        const firstRow = Math.max(0, top);
        const firstColumn = Math.max(0, left);
        for (let channel = 0; channel < channels; channel++, out++) {
          let winner = -1;
          let largest = Number.NEGATIVE_INFINITY;
          for (let r = firstRow; r < rowEnd; r++) {
            let cell = ((image * inHeight + r) * inWidth + firstColumn) * channels + channel;
            for (let c = firstColumn; c < columnEnd; c++, cell += channels) {
              const value = x[cell] as number;
              if (value > largest) {
                largest = value;
                winner = cell;
              }
            }
          }
          if (winner >= 0) dx[winner] = (dx[winner] as number) + (dy[out] as number);
        }
      }
    }
  }
}
