/** Images shrunk and placed by one small matrix for each direction, R · image · Cᵀ, whose derivative is by the transposes. */
import * as tf from '@tensorflow/tfjs';

/**
 * Writes the matrix that shrinks `side` values to `size` by linear interpolation between their centres and sets them at a random place.
 * @param matrix zeros, [side × side]
 * @param place in [0, 1)
 */
export function shrink(matrix: Float32Array, side: number, size: number, place: number) {
  const offset = Math.floor(place * (side - size + 1));
  for (let i = 0; i < size; i++) {
    const from = Math.min(side - 1, Math.max(0, ((i + 0.5) * side) / size - 0.5));
    const low = Math.floor(from);
    const row = (offset + i) * side;
    matrix[row + low] = 1 - (from - low);
    if (from > low) matrix[row + low + 1] = from - low;
  }
}

/** R · image · Cᵀ of each image and channel, or with both matrices transposed. */
export function product(x: tf.Tensor4D, rows: tf.Tensor3D, columns: tf.Tensor3D, transposed: boolean): tf.Tensor4D {
  const [count, height, width, channels] = x.shape;
  const down = tf.matMul(rows, tf.reshape(x, [count, height, width * channels]), transposed);
  const turned = tf.transpose(tf.reshape(down, [count, height, width, channels]), [0, 2, 1, 3]);
  const across = tf.matMul(columns, tf.reshape(turned, [count, width, height * channels]), transposed);
  return tf.transpose(tf.reshape(across, [count, width, height, channels]), [0, 2, 1, 3]) as tf.Tensor4D;
}
