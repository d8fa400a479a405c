import * as tf from '@tensorflow/tfjs';

/** Quantisation of luminance by the JPEG standard (ITU-T T.81, table K.1), in the order of rows. */
const LUMINANCE = [
  [16, 11, 10, 16, 24, 40, 51, 61],
  [12, 12, 14, 19, 26, 58, 60, 55],
  [14, 13, 16, 24, 40, 57, 69, 56],
  [14, 17, 22, 29, 51, 87, 80, 62],
  [18, 22, 37, 56, 68, 109, 103, 77],
  [24, 35, 55, 64, 81, 104, 113, 92],
  [49, 64, 78, 87, 103, 121, 120, 101],
  [72, 92, 95, 98, 112, 100, 103, 99],
];

const BLOCK = 8;

/**
 * What JPEG loses: each 8×8 block's cosine transform is rounded to multiples of a table, channel by channel. No colour
 * transform, no entropy coding.
 * @param x images in [0, 1], [batch, height, width, channels]
 * @param coarseness factor on the standard's table, which stands for quality 50
 */
export function jpeg(x: tf.Tensor4D, coarseness: number): tf.Tensor4D {
  return tf.tidy(() => {
    const [batch, height, width, channels] = x.shape;
    const [h, w] = [BLOCK * Math.ceil(height / BLOCK), BLOCK * Math.ceil(width / BLOCK)];
    const padded = tf.pad(x, [
      [0, 0],
      [0, h - height],
      [0, w - width],
      [0, 0],
    ]);
    const planes = tf.reshape(tf.transpose(padded, [0, 3, 1, 2]), [batch * channels, h, w]) as tf.Tensor3D;
    const frequencies = bothSides(tf.sub(tf.mul(planes, 255), 128), cosines(h), cosines(w));
    const table = tf.tensor2d(
      Array.from({ length: h }, (_, i) =>
        Array.from({ length: w }, (_, j) => coarseness * ((LUMINANCE[i % BLOCK] as number[])[j % BLOCK] as number)),
      ),
    );
    const rounded = tf.mul(tf.round(tf.div(frequencies, table)), table) as tf.Tensor3D;
    const pixels = tf.div(tf.add(bothSides(rounded, tf.transpose(cosines(h)), tf.transpose(cosines(w))), 128), 255);
    const images = tf.transpose(tf.reshape(pixels, [batch, channels, h, w]), [0, 2, 3, 1]);
    return tf.clipByValue(tf.slice(images, [0, 0, 0, 0], [batch, height, width, channels]), 0, 1) as tf.Tensor4D;
  });
}

/** left · plane · rightᵀ for each plane. */
function bothSides(planes: tf.Tensor3D, left: tf.Tensor2D, right: tf.Tensor2D): tf.Tensor3D {
  const times = (values: tf.Tensor3D, matrix: tf.Tensor2D) => {
    const [n, rows, columns] = values.shape;
    return tf.reshape(tf.matMul(tf.reshape(values, [n * rows, columns]), matrix, false, true), [n, rows, columns]);
  };
  const across = tf.transpose(times(planes, right), [0, 2, 1]) as tf.Tensor3D;
  return tf.transpose(times(across, left), [0, 2, 1]) as tf.Tensor3D;
}

/** The orthonormal cosine transform of consecutive blocks, as a matrix. */
function cosines(size: number): tf.Tensor2D {
  const entry = (i: number, j: number) => {
    if (Math.floor(i / BLOCK) !== Math.floor(j / BLOCK)) return 0;
    const k = i % BLOCK;
    const scale = Math.sqrt((k === 0 ? 1 : 2) / BLOCK);
    return scale * Math.cos((Math.PI * ((j % BLOCK) + 0.5) * k) / BLOCK);
  };
  return tf.tensor2d(Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) => entry(i, j))));
}
