import * as tf from '@tensorflow/tfjs';

/**
 * Sign of each value: −1, 0 or 1; 0 for NaN.
 *
 * Not `tf.sign`, which on wasm gives 0 for |value| ≤ 1e-7 and so hides half of a confident net's gradient.
 */
export function signOf(values: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const positive = tf.cast(tf.greater(values, 0), 'float32');
    const negative = tf.cast(tf.less(values, 0), 'float32');
    return tf.sub(positive, negative);
  });
}

/** Values with 0 in place of NaN and ±∞, so that one bad value does not spoil its row. */
export function finiteOrZero(values: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => tf.where(tf.isFinite(values), values, tf.zerosLike(values)));
}

/**
 * Each row scaled to Euclidean length 1; a row of zeros stays zero.
 *
 * Scaled by its largest value first: squares of values below 1e-19 would underflow.
 */
export function unitRows(values: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const axes = [1, 2, 3];
    const largest = tf.max(tf.abs(values), axes, true);
    const scaled = tf.div(values, tf.where(tf.greater(largest, 0), largest, tf.onesLike(largest)));
    const length = tf.sqrt(tf.sum(tf.square(scaled), axes, true));
    return tf.div(scaled, tf.where(tf.greater(length, 0), length, tf.onesLike(length)));
  });
}

/** One number per row, shaped [rows, 1, 1, 1] to be broadcast over its image. */
export function perRow(values: ArrayLike<number>): tf.Tensor4D {
  return tf.tensor4d(Float32Array.from(values), [values.length, 1, 1, 1]);
}

/** Rows of a tensor by their position, in that order; the caller disposes of both. */
export function gatherRows<T extends tf.Tensor>(values: T, positions: Int32Array): T {
  // Not left to the backends, which do not agree on empty gathers.
  if (positions.length === 0) return tf.tensor([], [0, ...values.shape.slice(1)], values.dtype) as T;
  return tf.tidy(() => tf.gather(values, tf.tensor1d(positions, 'int32')) as T);
}

/** Indicator matrix: row i is 1 at its class and 0 elsewhere. */
export function oneHot(labels: ArrayLike<number>, classes: number): tf.Tensor2D {
  const values = new Float32Array(labels.length * classes);
  for (let row = 0; row < labels.length; row++) values[row * classes + (labels[row] as number)] = 1;
  return tf.tensor2d(values, [labels.length, classes]);
}
