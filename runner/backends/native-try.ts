/** Run as a program: loads the native backend from the folder given and prints what it is, after a small product. */
import * as tf from '@tensorflow/tfjs';
import { loadNative } from './native.ts';

try {
  const loaded = await loadNative(process.argv[2] ?? '', 'cpu');
  const product = tf.tidy(() => tf.matMul([[1, 2]], [[3], [4]]).dataSync()[0]);
  if (product !== 11) throw new Error(`1·3 + 2·4 came out as ${product}`);
  console.log(JSON.stringify(loaded));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
