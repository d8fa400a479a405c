import * as tf from '@tensorflow/tfjs';
import { type Classifier, withLogits } from '../../models/classifier.ts';
import type { Norm } from '../../projections.ts';
import type { ReadOut } from './read-out.ts';

/** What is planted in the ball of one image. */
export interface Plant {
  /** The clean image, [size]. */
  readonly x: Float32Array;
  readonly y: number;
  /** The class that the planted point is of. */
  readonly target: number;
  /** Margin of the clean image's logits, which the altered model keeps. */
  readonly margin: number;
  readonly readOut: ReadOut;
}

/**
 * A model altered in the balls of some images, which must not overlap. In each ball the classes are decided by that image's read-out r of
 * the model's own logits: z[target] = margin · r / 2 = −z[y], and the other classes lie below both, so that the model is right where
 * r < 0. The gradient of everything goes through the whole of the model.
 *
 * Which ball a row of a batch is in is told by the nearest of the images, in the norm; this choice has no gradient.
 */
export function plantedClassifier(of: Classifier, plants: readonly Plant[], norm: Norm): Classifier {
  const { classes } = of;
  const size = (plants[0] as Plant).x.length;
  const n = plants.length;
  const matrix = (value: (plant: Plant, c: number) => number) =>
    tf.tensor2d(
      Float32Array.from({ length: n * classes }, (_, i) =>
        value(plants[Math.floor(i / classes)] as Plant, i % classes),
      ),
      [n, classes],
    );
  const tensors = {
    images: tf.tensor2d(Float32Array.from(plants.flatMap((plant) => [...plant.x])), [n, size]),
    weights: matrix(({ readOut }, c) => readOut.weights[c] as number),
    biases: tf.tensor2d(
      plants.map(({ readOut }) => readOut.bias),
      [n, 1],
    ),
    /** What r is multiplied with: ±margin / 2 at the two classes. */
    slopes: matrix(({ y, target, margin }, c) => (c === target ? margin / 2 : c === y ? -margin / 2 : 0)),
    /** The other classes, each at a value of its own, so that no two logits are equal. */
    levels: matrix(({ y, target, margin }, c) => (c === target || c === y ? 0 : -margin * (1 + c / classes))),
  };
  return {
    inputShape: of.inputShape,
    classes,
    ...withLogits(
      of,
      (one) => (x) =>
        tf.tidy(() => {
          const chosen = nearest(x, tensors.images, norm);
          const own = (values: tf.Tensor2D) => tf.matMul(chosen, values);
          const r = tf.add(tf.sum(tf.mul(one.logits(x), own(tensors.weights)), 1, true), own(tensors.biases));
          return tf.add(tf.mul(r, own(tensors.slopes)), own(tensors.levels)) as tf.Tensor2D;
        }),
    ),
    dispose: () => tf.dispose(tensors),
  };
}

/** Indicator of the nearest image of each row, [batch, images]. */
function nearest(x: tf.Tensor4D, images: tf.Tensor2D, norm: Norm): tf.Tensor2D {
  const choose = tf.customGrad((batch) => {
    const rows = tf.reshape(batch as tf.Tensor, [x.shape[0], 1, -1]);
    const change = tf.abs(tf.sub(rows, tf.expandDims(images, 0)));
    const distances = {
      Linf: () => tf.max(change, 2),
      L2: () => tf.sum(tf.square(change), 2),
      L1: () => tf.sum(change, 2),
    };
    const distance = norm === 'L0' ? tf.sum(tf.cast(tf.greater(change, 0), 'float32'), 2) : distances[norm]();
    const index = tf.expandDims(tf.argMin(distance, 1), 1);
    return {
      value: tf.cast(tf.equal(index, tf.range(0, images.shape[0], 1, 'int32')), 'float32'),
      gradFunc: () => tf.zerosLike(batch as tf.Tensor),
    };
  });
  return choose(x) as tf.Tensor2D;
}
