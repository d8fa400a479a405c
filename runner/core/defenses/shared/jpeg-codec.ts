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

/** Quantisation of chrominance (table K.2): what lies outside of these rows and columns is 99. */
const CHROMINANCE = [
  [17, 18, 24, 47],
  [18, 21, 26, 66],
  [24, 26, 56],
  [47, 66],
];
const CHROMINANCE_REST = 99;

/** Luminance, blue and red difference of red, green and blue (JFIF), as columns. */
const FROM_RGB = [
  [0.299, -0.168736, 0.5],
  [0.587, -0.331264, -0.418688],
  [0.114, 0.5, -0.081312],
];
const TO_RGB = [
  [1, 1, 1],
  [0, -0.344136, 1.772],
  [1.402, -0.714136, 0],
];

const BLOCK = 8;

/**
 * Added before rounding. Even areas lie exactly between two multiples of the table; without it the rounding error of a device would
 * decide there, and two devices would see different images.
 */
const TIE = 1e-3;

/**
 * Images compressed as baseline JPEG and read again: what is lost is rounding, of the colours, of the cosine transform of each 8 × 8
 * block, and of the pixels. Colour is not subsampled (4:4:4). Images whose number of channels is not 3 are compressed channel by
 * channel as grey ones.
 *
 * Sources: ITU-T T.81; tables by quality as in the Independent JPEG Group's library.
 * @param x images in [0, 1], [batch, height, width, channels]
 * @param quality from 1 to 100
 */
export function jpeg(x: tf.Tensor4D, quality: number): tf.Tensor4D {
  return tf.tidy(() => {
    const [batch, height, width, channels] = x.shape;
    const padded = toBlocks(toBlocks(nearest(tf.mul(x, 255)) as tf.Tensor4D, 1), 2);
    const [, h, w] = padded.shape;
    // Luminance is centred by 128; the colour differences are already.
    const isColour = channels === 3;
    const centred = isColour ? tf.sub(nearest(times(padded, FROM_RGB)), tf.tensor1d([128, 0, 0])) : tf.sub(padded, 128);
    const planes = tf.reshape(tf.transpose(centred, [0, 3, 1, 2]), [batch * channels, h, w]) as tf.Tensor3D;
    const table = tf.tile(tablesOf(channels, quality, h, w), [batch, 1, 1]);
    const frequencies = tf.div(bothSides(planes, cosines(h), cosines(w)), table);
    const rounded = tf.mul(tf.sign(frequencies), nearest(tf.abs(frequencies)));
    const decoded = bothSides(tf.mul(rounded, table), tf.transpose(cosines(h)), tf.transpose(cosines(w)));
    const images = tf.transpose(tf.reshape(decoded, [batch, channels, h, w]), [0, 2, 3, 1]) as tf.Tensor4D;
    const cropped = tf.slice(images, [0, 0, 0, 0], [batch, height, width, channels]);
    const range = (values: tf.Tensor, low: number) => tf.clipByValue(nearest(values), low, low + 255);
    if (!isColour) return tf.div(range(tf.add(cropped, 128), 0), 255) as tf.Tensor4D;
    const colours = tf.add(range(cropped, -128), tf.tensor1d([128, 0, 0])) as tf.Tensor4D;
    return tf.div(range(times(colours, TO_RGB), 0), 255) as tf.Tensor4D;
  });
}

/** Rounded to the nearest whole number, and halves up. */
function nearest(values: tf.Tensor): tf.Tensor {
  return tf.floor(tf.add(values, 0.5 + TIE));
}

/** Images continued by their last row or column to whole blocks. */
function toBlocks(x: tf.Tensor4D, axis: 1 | 2): tf.Tensor4D {
  const side = x.shape[axis];
  const missing = BLOCK * Math.ceil(side / BLOCK) - side;
  if (missing === 0) return x;
  const last = tf.gather(x, tf.tensor1d(new Int32Array(missing).fill(side - 1), 'int32'), axis);
  return tf.concat([x, last], axis);
}

/** The channels of each pixel times a matrix. */
function times(x: tf.Tensor4D, matrix: number[][]): tf.Tensor4D {
  return tf.reshape(tf.matMul(tf.reshape(x, [-1, 3]), tf.tensor2d(matrix)), x.shape);
}

/** The table of each channel, repeated over the blocks of an image, [channels, height, width]. */
function tablesOf(channels: number, quality: number, height: number, width: number): tf.Tensor3D {
  const percent = quality < 50 ? Math.floor(5000 / quality) : 200 - 2 * quality;
  const entry = (channel: number, i: number, j: number) => {
    const isColour = channels === 3 && channel > 0;
    const base = (isColour ? (CHROMINANCE[i]?.[j] ?? CHROMINANCE_REST) : LUMINANCE[i]?.[j]) as number;
    return Math.min(255, Math.max(1, Math.floor((base * percent + 50) / 100)));
  };
  const indices = (length: number) => Array.from({ length }, (_, i) => i);
  return tf.tensor3d(
    indices(channels).map((c) => indices(height).map((i) => indices(width).map((j) => entry(c, i % BLOCK, j % BLOCK)))),
  );
}

/** left · plane · rightᵀ for each plane. */
function bothSides(planes: tf.Tensor, left: tf.Tensor2D, right: tf.Tensor2D): tf.Tensor3D {
  const timesEach = (values: tf.Tensor3D, matrix: tf.Tensor2D) => {
    const [n, rows, columns] = values.shape;
    return tf.reshape(tf.matMul(tf.reshape(values, [n * rows, columns]), matrix, false, true), [n, rows, columns]);
  };
  const across = tf.transpose(timesEach(planes as tf.Tensor3D, right), [0, 2, 1]) as tf.Tensor3D;
  return tf.transpose(timesEach(across, left), [0, 2, 1]) as tf.Tensor3D;
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
