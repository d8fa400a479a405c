/** Products of stacks of matrices, with gradients also where the stacks are repeated: tfjs's own has none there. */
import * as tf from '@tensorflow/tfjs';
import { allowed } from './value.ts';

/**
 * @param a [..., m, k] or [k]
 * @param b [..., k, n] or [k]
 * @param turned whether b is [..., n, k]
 * @returns [..., m, n], the axes before the matrices broadcast; of a vector without its axis
 */
export function product(a: tf.Tensor, b: tf.Tensor, turned = false): tf.Tensor {
  const left = a.rank === 1 ? tf.reshape(a, [1, a.size]) : a;
  const right = b.rank === 1 ? tf.reshape(b, [b.size, 1]) : b;
  const [m, k] = left.shape.slice(-2) as [number, number];
  const n = right.shape.at(turned ? -2 : -1) as number;
  const stacks = tf.backend_util.assertAndGetBroadcastShape(left.shape.slice(0, -2), right.shape.slice(0, -2));
  const shape = [...stacks, ...(a.rank === 1 ? [] : [m]), ...(b.rank === 1 ? [] : [n])];
  allowed([...stacks, m, n]);
  if (right.rank === 2) {
    const rows = tf.reshape(left, [left.size / k, k]) as tf.Tensor2D;
    return tf.reshape(tf.matMul(rows, right as tf.Tensor2D, false, turned), shape);
  }
  const count = stacks.reduce((all, length) => all * length, 1);
  const [one, other] = [stacked(left, stacks, count), stacked(right, stacks, count)];
  return tf.reshape(tf.matMul(one, other, false, turned), shape);
}

function stacked(x: tf.Tensor, stacks: readonly number[], count: number): tf.Tensor3D {
  const matrix = x.shape.slice(-2) as [number, number];
  const own = x.shape.slice(0, -2);
  const same = own.reduce((all, length) => all * length, 1) === count;
  const all = same ? x : tf.broadcastTo(x, [...stacks, ...matrix]);
  return tf.reshape(all, [count, ...matrix]);
}
