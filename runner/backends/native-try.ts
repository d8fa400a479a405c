/** Run as a program: loads the native backend from the folder given and prints what it is, after a small product. */
import * as tf from '@tensorflow/tfjs';
import { loadNative } from './native.ts';

const loaded = await loadNative(process.argv[2] ?? '', 'cpu');
const product = tf.tidy(() =>
  tf.matMul(tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([5, 6, 7, 8], [2, 2])).dataSync(),
);
if (product.join() !== '19,22,43,50') throw new Error(`The product of two matrices came out as ${product.join()}`);
console.log(JSON.stringify(loaded));
