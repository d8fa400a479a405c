/**
 * Which values of each image are among its k largest, as a kernel where a backend has one: the stock top-k sorts all it finds and takes
 * ten times as long as the rest of a net. `Winners { x }`, with k as attribute, is 1 where a value is at least the k-th largest of its
 * row, equal ones included, and 0 elsewhere.
 */
import * as tf from '@tensorflow/tfjs';
import { isThere, run } from './convolution-relu.ts';
import { onHeap, replaceKernel } from './replace.ts';

export const WINNERS = 'Winners';

/**
 * The k largest values of each image as they are, all others 0 (k-winners-take-all). Differentiated as it stands: 1 where a value is
 * kept.
 * @param x [batch, …]
 * @param k from 1 to the number of values of an image
 */
export function winners<T extends tf.Tensor>(x: T, k: number): T {
  const apply = tf.customGrad((input, save) => {
    const values = input as T;
    const [batch = 0] = values.shape;
    const mask = tf.reshape(maskOf(tf.reshape(values, [batch, values.size / batch]), k), values.shape);
    (save as tf.GradSaveFunc)([mask]);
    return { value: tf.mul(values, mask), gradFunc: (dy: tf.Tensor, [kept]) => tf.mul(dy, kept as tf.Tensor) };
  });
  return apply(x) as T;
}

function maskOf(x: tf.Tensor2D, k: number): tf.Tensor2D {
  if (isThere(WINNERS)) return run(WINNERS, { x }, { k });
  const least = tf.min(tf.topk(x, k).values, 1, true);
  return tf.cast(tf.greaterEqual(x, least), 'float32') as tf.Tensor2D;
}

/** Registers the kernel on wasm, whose stock top-k makes an object of every value. */
export function registerWinners(): void {
  replaceKernel('wasm', WINNERS, () => ({ inputs, attrs, backend }) => {
    const x = inputs.x as tf.TensorInfo;
    const { k } = attrs as unknown as { k: number };
    const { output, values, inputs: views } = onHeap(backend, x.shape, [x]);
    const source = views[0] as Float32Array;
    const size = x.shape[1] as number;
    for (let start = 0; start < source.length; start += size) {
      const row = source.subarray(start, start + size);
      const least = kthLargest(row, k);
      for (let i = 0; i < size; i++) values[start + i] = (row[i] as number) >= least ? 1 : 0;
    }
    return output;
  });
}

/** Bits of a float that a pass decides: so many, from which on. */
const PASSES = [
  [11, 21],
  [11, 10],
  [10, 0],
] as const;

const word = new DataView(new ArrayBuffer(4));

/**
 * The k-th largest value, found bit by bit from the top: each pass counts how often each of the next bits occurs among the values that
 * agree with those found before. `native-winners.h` does the same.
 */
function kthLargest(values: Float32Array, k: number): number {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  let found = 0;
  let decided = 0;
  let rank = k;
  for (const [width, shift] of PASSES) {
    const counts = new Uint32Array(1 << width);
    const last = counts.length - 1;
    for (let i = 0; i < bits.length; i++) {
      const key = ordered(bits[i] as number);
      if (((key ^ found) & decided) !== 0) continue;
      const at = (key >>> shift) & last;
      counts[at] = (counts[at] as number) + 1;
    }
    let at = last;
    for (; at > 0 && rank > (counts[at] as number); at--) rank -= counts[at] as number;
    found |= at << shift;
    decided |= last << shift;
  }
  word.setUint32(0, found < 0 ? found ^ 0x80000000 : ~found);
  return word.getFloat32(0);
}

/** A float's bits as a whole number that is the larger, without sign, the larger the float. */
function ordered(bits: number): number {
  return bits ^ ((bits >> 31) | 0x80000000);
}
