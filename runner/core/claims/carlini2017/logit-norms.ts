import * as tf from '@tensorflow/tfjs';
import type { Examples } from '../../datasets/dataset.ts';
import type { Classifier } from '../../models/classifier.ts';
import type { Outcomes, StepContext } from '../experiment.ts';

const CHUNK = 500;

/** `norm`, the L1 norm of the logits of each image. */
export async function logitNorms(
  classifier: Classifier,
  { x, count }: Pick<Examples, 'x' | 'count'>,
  pause: StepContext['pause'],
): Promise<Outcomes> {
  const size = x.length / count;
  const norms = new Float32Array(count);
  for (let start = 0; start < count; start += CHUNK) {
    const norm = tf.tidy(() => {
      const rows = x.slice(start * size, (start + CHUNK) * size);
      const logits = classifier.logits(tf.tensor4d(rows, [rows.length / size, ...classifier.inputShape]));
      return tf.sum(tf.abs(logits), 1);
    });
    norms.set(await norm.data<'float32'>(), start);
    norm.dispose();
    await pause(Math.min(1, (start + CHUNK) / count));
  }
  return { norm: { shape: [count], data: norms } };
}
