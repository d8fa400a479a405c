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
    const { dy, input, output: pooled } = inputs as Record<'dy' | 'input' | 'output', tf.TensorInfo>;
    const info = poolInfo(input.shape, attrs as unknown as PoolAttributes);
    const { output, values, inputs: views } = onHeap(backend, input.shape, [dy, input, pooled]);
    const [gradient, x, y] = views as [Float32Array, Float32Array, Float32Array];
    const { filterHeight, filterWidth, strideHeight, strideWidth, padInfo, inHeight, inWidth } = info;
    const quarters = [filterHeight, filterWidth, strideHeight, strideWidth].every((side) => side === 2);
    const fast = quarters && padInfo.type === 'VALID';
    if (!fast || inHeight % 2 === 1 || inWidth % 2 === 1) values.fill(0);
    if (fast) scatterQuarters(info, gradient, x, y, values);
    else scatter(info, gradient, x, values);
    return output;
  });
}

/**
 * 2×2 windows side by side. Which cell won is as good as random, so that a branch on it would cost more than all else:
 * a comparison becomes a mask of 32 bits instead, which lets the bits of dy through or not.
 */
function scatterQuarters(info: PoolInfo, dy: Float32Array, x: Float32Array, y: Float32Array, dx: Float32Array): void {
  const { batchSize, inChannels: channels, inHeight, inWidth, outHeight, outWidth } = info;
  const bits = new Int32Array(dy.buffer, dy.byteOffset, dy.length);
  const result = new Int32Array(dx.buffer, dx.byteOffset, dx.length);
  let out = 0;
  for (let image = 0; image < batchSize; image++) {
    for (let row = 0; row < outHeight; row++) {
      for (let column = 0; column < outWidth; column++) {
        let first = ((image * inHeight + 2 * row) * inWidth + 2 * column) * channels;
        for (const end = first + channels; first < end; first++, out++) {
          const second = first + channels;
          const third = first + inWidth * channels;
          const fourth = third + channels;
          const largest = y[out] as number;
          const gradient = bits[out] as number;
          const a = -Number(x[first] === largest);
          const b = -Number(x[second] === largest) & ~a;
          const c = -Number(x[third] === largest) & ~(a | b);
          const d = -Number(x[fourth] === largest) & ~(a | b | c);
          result[first] = gradient & a;
          result[second] = gradient & b;
          result[third] = gradient & c;
          result[fourth] = gradient & d;
        }
      }
    }
  }
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
