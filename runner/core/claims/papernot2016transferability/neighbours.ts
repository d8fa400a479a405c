/**
 * Nearest neighbours: the classes of the k training images that are nearest vote. Votes have no gradient, so that images are made against a
 * smooth stand-in, in which every training image votes with the weight exp(−distance²).
 *
 * Source: Papernot et al., https://arxiv.org/abs/1605.07277, §3.
 */
import * as tf from '@tensorflow/tfjs';
import type { Examples } from '../../datasets/dataset.ts';
import type { Classifier } from '../../models/classifier.ts';

const BATCH = 250;

/** A set of images that others are compared with; to be disposed of. */
interface Neighbours {
  /** Its scores are log Σ exp(−‖x − z‖²) over the training images z of each class, so that their softmax is the weighted vote. */
  readonly smooth: Classifier;
  /** Class of each image by the vote of k, [count]; of classes with as many votes, that of the nearest image. */
  predict(x: Float32Array, k: number, pause: (fraction: number) => Promise<void>): Promise<Uint8Array>;
}

/** @param inputShape of an image */
export function neighbours(
  { x, y, count }: Examples,
  inputShape: Classifier['inputShape'],
  classes: number,
): Neighbours {
  const size = x.length / count;
  const order = Array.from({ length: count }, (_, row) => row).sort((a, b) => (y[a] as number) - (y[b] as number));
  const sizes = Array.from({ length: classes }, (_, c) => order.filter((row) => y[row] === c).length);
  const sorted = new Float32Array(x.length);
  for (const [at, row] of order.entries()) sorted.set(x.subarray(row * size, (row + 1) * size), at * size);
  const known = tf.tensor2d(sorted, [count, size]);
  const lengths = tf.tidy(() => tf.sum(tf.square(known), 1));

  /** −‖x − z‖², [batch × count] */
  const nearness = (images: tf.Tensor): tf.Tensor2D => {
    const flat = tf.reshape(images, [-1, size]) as tf.Tensor2D;
    const products = tf.mul(tf.matMul(flat, known, false, true), 2);
    return tf.sub(tf.sub(products, tf.sum(tf.square(flat), 1, true)), lengths);
  };

  return {
    smooth: {
      inputShape,
      classes,
      logits: (images) =>
        tf.tidy(
          () =>
            tf.stack(
              tf.split(nearness(images), sizes, 1).map((own) => tf.logSumExp(own, 1)),
              1,
            ) as tf.Tensor2D,
        ),
      dispose: () => tf.dispose([known, lengths]),
    },
    async predict(images, k, pause) {
      const total = images.length / size;
      const predicted = new Uint8Array(total);
      for (let start = 0; start < total; start += BATCH) {
        const nearest = tf.tidy(() => {
          const batch = images.slice(start * size, (start + BATCH) * size);
          return tf.topk(nearness(tf.tensor2d(batch, [batch.length / size, size])), k).indices;
        });
        const found = await nearest.data<'int32'>();
        nearest.dispose();
        for (let row = 0; row * k < found.length; row++) {
          const voters = Array.from(found.subarray(row * k, (row + 1) * k), (at) => y[order[at] as number] as number);
          predicted[start + row] = elected(voters);
        }
        await pause(Math.min(1, (start + BATCH) / total));
      }
      return predicted;
    },
  };
}

/** The class with most votes; of several the one that comes first. */
export function elected(votes: readonly number[]): number {
  const counts = votes.map((vote) => votes.filter((other) => other === vote).length);
  return votes[counts.indexOf(Math.max(...counts))] as number;
}
