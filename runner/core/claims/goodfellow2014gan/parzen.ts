/**
 * The Parzen window estimate of a likelihood that cannot be computed: samples are taken for the centres of equal Gaussians, and an image's log
 * likelihood is log (1/n Σ N(x; z, σ²)). It says little of how images look (Theis et al., ICLR 2016, https://arxiv.org/abs/1511.01844).
 *
 * Source: Goodfellow et al., https://arxiv.org/abs/1406.2661, §5.
 */
import * as tf from '@tensorflow/tfjs';

const BATCH = 250;

/**
 * @param samples [n × size]
 * @param images [count × size]
 * @param widths σ, each tried
 * @returns log likelihood in nats of each image, [count], for each width
 */
export async function parzen(
  samples: Float32Array,
  images: Float32Array,
  size: number,
  widths: readonly number[],
): Promise<Float32Array[]> {
  const count = images.length / size;
  const centres = samples.length / size;
  const known = tf.tensor2d(samples.slice(), [centres, size]);
  const results = widths.map(() => new Float32Array(count));
  try {
    for (let start = 0; start < count; start += BATCH) {
      const sums = tf.tidy(() => {
        const rows = images.slice(start * size, (start + BATCH) * size);
        const x = tf.tensor2d(rows, [rows.length / size, size]);
        const products = tf.mul(tf.matMul(x, known, false, true), 2);
        const lengths = tf.add(tf.sum(tf.square(x), 1, true), tf.sum(tf.square(known), 1));
        const squares = tf.sub(lengths, products);
        return widths.map((width) => tf.logSumExp(tf.mul(squares, -1 / (2 * width ** 2)), 1));
      });
      for (const [i, width] of widths.entries()) {
        const norm = Math.log(centres) + (size / 2) * Math.log(2 * Math.PI * width ** 2);
        const values = await (sums[i] as tf.Tensor).data<'float32'>();
        results[i]?.set(
          values.map((value) => value - norm),
          start,
        );
      }
      tf.dispose(sums);
    }
  } finally {
    known.dispose();
  }
  return results;
}
