import * as tf from '@tensorflow/tfjs';

/** Sides of the square matrices; larger ones only where smaller ones take no time to speak of, as on a GPU. */
const SIDES = [1024, 2048, 4096];

/** A product that takes this long, in milliseconds, keeps the device busy. */
const LONG = 20;

/**
 * The arithmetic that a device reaches at its best: products of large matrices, float32, on the backend that runs now.
 * @param seconds how long the product is repeated, after one that does not count
 * @returns GFLOP/s of the fastest one
 */
export async function measurePeak(seconds: number): Promise<number> {
  let gigaflops = 0;
  for (const side of SIDES) {
    const a = tf.randomNormal([side, side], 0, 1, 'float32', 1);
    const b = tf.randomNormal([side, side], 0, 1, 'float32', 2);
    let fastest = Number.POSITIVE_INFINITY;
    const end = performance.now() + seconds * 1000;
    for (let run = 0; run < 4 || performance.now() < end; run++) {
      const start = performance.now();
      const product = tf.matMul(a, b);
      // One value, not all of them: copying is no arithmetic.
      const corner = tf.slice(product, [0, 0], [1, 1]);
      await corner.data();
      if (run > 0) fastest = Math.min(fastest, performance.now() - start);
      tf.dispose([product, corner]);
    }
    tf.dispose([a, b]);
    gigaflops = Math.max(gigaflops, (2 * side ** 3) / fastest / 1e6);
    if (fastest > LONG) break;
  }
  return gigaflops;
}
