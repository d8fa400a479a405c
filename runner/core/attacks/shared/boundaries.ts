import * as tf from '@tensorflow/tfjs';
import type { GradientModel, PerExampleLoss } from '../../gradients.ts';
import { margin } from '../../losses.ts';
import { oneHot } from '../../tensors.ts';
import { type ConvexNorm, dualNorms } from './row-norms.ts';

/** How a classifier looks from some images if it is taken for a linear one. */
export interface Outlook {
  /** Class scores, [rows × classes]. */
  readonly scores: Float32Array;
  /** Of each row's nearest boundary, the function that is 0 there: its value at the image; not negative once it is crossed. */
  readonly values: Float32Array;
  /** And its gradient, [rows × size]. */
  readonly normals: Float32Array;
}

/** Stands for the distance of a boundary that no step reaches. */
const OUT_OF_REACH = 3e38;

/**
 * Linearises the boundaries given by functions of the logits around each image and keeps the nearest: the one with the smallest
 * |value| / ‖gradient‖ in the dual norm, of equal ones the first. All gradients come from one forward pass.
 *
 * A boundary whose gradient is zero or not finite counts as out of reach; where all are, the first is kept.
 * @param images [rows × size]
 * @param crossings functions of the logits that are 0 on a boundary
 */
export async function nearestBoundaries(
  model: GradientModel,
  images: Float32Array,
  crossings: readonly PerExampleLoss[],
  norm: ConvexNorm,
): Promise<Outlook> {
  const [height, width, channels] = model.inputShape;
  const seen = tf.tidy(() => {
    const x = tf.tensor4d(images, [images.length / (height * width * channels), height, width, channels]);
    const { logits, gradients } = model.gradients(x, crossings);
    const all = crossings.map((crossing, k) => {
      const value = tf.reshape(crossing(logits), [-1, 1, 1, 1]) as tf.Tensor4D;
      return { value, normal: gradients[k] as tf.Tensor4D };
    });
    return { logits, ...nearestOf(all, norm) };
  });
  const [scores, values, normals] = await Promise.all([
    seen.logits.data<'float32'>(),
    seen.value.data<'float32'>(),
    seen.normal.data<'float32'>(),
  ]);
  tf.dispose(seen);
  return { scores, values, normals };
}

interface Boundary {
  readonly value: tf.Tensor4D;
  readonly normal: tf.Tensor4D;
}

function nearestOf(boundaries: readonly Boundary[], norm: ConvexNorm): { value: tf.Tensor4D; normal: tf.Tensor4D } {
  const [first, ...others] = boundaries as readonly [Boundary, ...Boundary[]];
  let { value, normal } = first;
  if (others.length === 0) return { value, normal };
  let distance = distanceOf(first, norm);
  for (const other of others) {
    const next = distanceOf(other, norm);
    const nearer = tf.less(next, distance);
    value = tf.where(nearer, other.value, value);
    normal = tf.where(nearer, other.normal, normal);
    distance = tf.where(nearer, next, distance);
  }
  return { value, normal };
}

function distanceOf({ value, normal }: Boundary, norm: ConvexNorm): tf.Tensor4D {
  const length = dualNorms(normal, norm);
  const usable = tf.logicalAnd(tf.greater(length, 0), tf.less(length, OUT_OF_REACH));
  return tf.where(usable, tf.div(tf.abs(value), length), tf.fill(length.shape, OUT_OF_REACH)) as tf.Tensor4D;
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
