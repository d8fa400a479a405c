import * as tf from '@tensorflow/tfjs';
import type { Examples } from '../../datasets/dataset.ts';
import { gradientModel } from '../../gradients.ts';
import { classLogit } from '../../losses.ts';
import type { Classifier } from '../../models/classifier.ts';

const CHUNK = 500;

/**
 * One step straight away from the side of the plane on which images are of their class, x − ε · w_y / ‖w_y‖, clipped to [0, 1].
 *
 * Source: Papernot et al., https://arxiv.org/abs/1605.07277, §3.
 * @param linear scores of the machines, whose derivative by the image is w
 * @param length ε, in L2
 */
export async function stepOff(linear: Classifier, { x, y, count }: Examples, length: number): Promise<Float32Array> {
  const size = x.length / count;
  const moved = new Float32Array(x.length);
  const model = gradientModel(linear);
  try {
    for (let start = 0; start < count; start += CHUNK) {
      const rows = Math.min(CHUNK, count - start);
      const images = tf.tidy(() => {
        const own = tf.tensor4d(x.slice(start * size, (start + rows) * size), [rows, ...linear.inputShape]);
        const { gradient } = model.gradient(own, classLogit(y.subarray(start, start + rows)));
        const norms = tf.sqrt(tf.sum(tf.square(gradient), [1, 2, 3], true));
        return tf.clipByValue(tf.sub(own, tf.mul(tf.div(gradient, norms), length)), 0, 1);
      });
      moved.set(await images.data<'float32'>(), start * size);
      images.dispose();
    }
  } finally {
    model.dispose();
  }
  return moved;
}
