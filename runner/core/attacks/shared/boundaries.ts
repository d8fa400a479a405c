import * as tf from '@tensorflow/tfjs';
import type { GradientModel, PerExampleLoss } from '../../gradients.ts';
import { margin } from '../../losses.ts';
import { finiteOrZero, oneHot } from '../../tensors.ts';
import { type ConvexNorm, dualNorms } from './row-norms.ts';

/** A decision boundary taken for a plane: value + normal · d = 0 for the changes d that lie on it. Belongs to the caller. */
export interface Boundary {
  /** Gradient of the function that is 0 on the boundary, of the images' shape; finite. */
  readonly normal: tf.Tensor4D;
  /** Its value at the images, [rows, 1, 1, 1]; negative on the side of the attacked class, finite. */
  readonly value: tf.Tensor4D;
}

/** Stands for the distance of a boundary that no step reaches. */
const OUT_OF_REACH = 3e38;

/**
 * Linearises the boundaries given by functions of the logits around each image and keeps the nearest: the one with the smallest
 * |value| / ‖normal‖ in the dual norm, of equal ones the first. All gradients come from one forward pass.
 *
 * A boundary whose gradient is zero or not finite counts as out of reach; where all are, the normal is what is finite of the first.
 * @param crossings functions of the logits that are 0 on a boundary
 */
export function nearestBoundary(
  model: GradientModel,
  x: tf.Tensor4D,
  crossings: readonly PerExampleLoss[],
  norm: ConvexNorm,
): Boundary {
  return tf.tidy(() => {
    const { logits, gradients } = model.gradients(x, crossings);
    const values = crossings.map((crossing) => tf.reshape(crossing(logits), [-1, 1, 1, 1]) as tf.Tensor4D);
    const [value, normal] = [values[0], gradients[0]] as [tf.Tensor4D, tf.Tensor4D];
    if (crossings.length === 1) return { normal: finiteOrZero(normal), value: finiteOrZero(value) };
    const distances = gradients.map((gradient, k) => {
      const length = dualNorms(gradient, norm);
      const usable = tf.logicalAnd(tf.greater(length, 0), tf.less(length, OUT_OF_REACH));
      return tf.where(usable, tf.div(tf.abs(values[k] as tf.Tensor4D), length), tf.fill(length.shape, OUT_OF_REACH));
    });
    let nearest = { normal, value, distance: distances[0] as tf.Tensor };
    for (let k = 1; k < crossings.length; k++) {
      const distance = distances[k] as tf.Tensor;
      const nearer = tf.less(distance, nearest.distance);
      nearest = {
        normal: tf.where(nearer, gradients[k] as tf.Tensor4D, nearest.normal),
        value: tf.where(nearer, values[k] as tf.Tensor4D, nearest.value),
        distance: tf.where(nearer, distance, nearest.distance),
      };
    }
    return { normal: finiteOrZero(nearest.normal), value: finiteOrZero(nearest.value) };
  });
}

/** z[to] − z[from] of each image: negative while `from` has the larger logit. */
export function logitDifference(to: ArrayLike<number>, from: ArrayLike<number>): PerExampleLoss {
  return (logits) => tf.sum(tf.mul(logits, tf.sub(oneHot(to, logits.shape[1]), oneHot(from, logits.shape[1]))), 1);
}

/**
 * The boundaries around the region of each image's class: with the most likely of the other classes, in order, or with a target
 * the one that it is told to cross, which target and largest other logit share.
 * @param ranked classes by clean logit, the own one left out: `ranked[k]` holds the k-th of each image
 */
export function crossingsOf(
  y: Int32Array,
  target: Int32Array | null,
  ranked: readonly Int32Array[],
): readonly PerExampleLoss[] {
  return target === null ? ranked.map((others) => logitDifference(others, y)) : [margin(target)];
}

/**
 * Classes other than `y` by falling logit, of equal ones the first.
 * @param logits [rows × classes]
 * @returns the first `count` of them: element k holds the k-th of each row
 */
export function rankedOthers(logits: Float32Array, classes: number, y: Int32Array, count: number): Int32Array[] {
  const rows = Array.from(y, (own, row) => {
    const z = logits.subarray(row * classes, (row + 1) * classes);
    const others = Array.from(z.keys()).filter((c) => c !== own);
    return others.sort((a, b) => order(z[b] as number) - order(z[a] as number) || a - b);
  });
  return Array.from({ length: Math.min(count, classes - 1) }, (_, k) =>
    Int32Array.from(rows, (others) => others[k] as number),
  );
}

/** A number to sort by, for NaN too. */
const order = (value: number) => (Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value);
