import * as tf from '@tensorflow/tfjs';
import { projectTensor, projectTensorL1 } from '../../projections.ts';
import { perRow, unitRows } from '../../tensors.ts';
import type { AttackContext } from '../attack.ts';
import { pick } from './active-set.ts';
import type { StepNorm } from './step.ts';

/** How many draws a random start takes. */
export const START_DRAWS = 2;

/**
 * Uniform random points of the ε-ball around x, brought into the pixel range.
 * @param x images of some rows of the batch
 * @param rows which they are
 * @param draw number of the first of `START_DRAWS` draws
 * @returns a new tensor; the caller disposes of it
 */
export async function randomStart(
  { random, examples, norm, epsilon }: AttackContext,
  x: tf.Tensor4D,
  rows: Int32Array,
  draw: number,
): Promise<tf.Tensor4D> {
  const ball = norm as StepNorm;
  const keys = pick(examples, rows);
  const size = x.size / rows.length;
  if (ball === 'Linf') {
    return tf.tidy(() => {
      const uniform = tf.tensor4d(random.uniform(keys, draw, size), x.shape);
      return projectTensor(x, tf.add(x, tf.mul(tf.sub(tf.mul(uniform, 2), 1), epsilon)), ball, epsilon);
    });
  }
  // A ball of radius r holds r^size of the unit ball's volume.
  const radii = () => perRow(random.uniform(keys, draw + 1, 1).map((u) => epsilon * u ** (1 / size)));
  if (ball === 'L2') {
    return tf.tidy(() => {
      // A normal vector points anywhere alike.
      const direction = unitRows(tf.tensor4d(random.normal(keys, draw, size), x.shape));
      return projectTensor(x, tf.add(x, tf.mul(direction, radii())), ball, epsilon);
    });
  }
  const start = tf.tidy(() => {
    const laplace = tf.tensor4d(random.uniform(keys, draw, size).map(toLaplace), x.shape);
    const direction = tf.div(laplace, tf.sum(tf.abs(laplace), [1, 2, 3], true));
    return tf.add(x, tf.mul(direction, radii())) as tf.Tensor4D;
  });
  const projected = await projectTensorL1(x, start, epsilon);
  start.dispose();
  return projected;
}

/** A uniform number of [0, 1) as one of the Laplace distribution, whose vectors over their L1 length are uniform on that sphere. */
function toLaplace(uniform: number): number {
  const centred = 2 * uniform - 1;
  return -Math.sign(centred) * Math.log(Math.max(1 - Math.abs(centred), 2 ** -25));
}
