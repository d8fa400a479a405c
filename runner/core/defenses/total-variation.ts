/**
 * Total variation minimisation: the net sees the image z that minimises ½ ‖z − x‖² + weight · TV(z), channel by channel, as far as
 * Chambolle's projection comes in a number of steps. TV is the sum of the lengths of the differences of neighbours.
 *
 * Its steps (dual variable p, two per value, 0 at first): p ← (p − τ ∇z) / (1 + τ / weight · |∇z|) with τ = 1/4, and z = x + the divergence
 * of −p. They are fixed in number and smooth, and are all differentiated (unrolled).
 *
 * Sources: Guo et al., "Countering Adversarial Images using Input Transformations", ICLR 2018, https://arxiv.org/abs/1711.00117, §3;
 * Chambolle, "An Algorithm for Total Variation Minimization and Applications", JMIV 2004,
 * https://doi.org/10.1023/B:JMIV.0000011325.36760.1e. Departs from Guo et al. in one way: no pixels are dropped at random.
 */
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { Defense } from './defense.ts';
import { through } from './shared/through.ts';

const optionsSchema = z.strictObject({
  weight: z.number().min(0.001).max(10).default(0.1).describe('Weight of the total variation: more makes it flatter'),
  steps: z.int().min(1).max(100).default(20).describe('Steps of the minimisation'),
});

export const totalVariation: Defense<typeof optionsSchema> = {
  id: 'total-variation',
  name: 'Total variation minimisation',
  paper: 'https://arxiv.org/abs/1711.00117',
  description: 'The image is replaced by one near it whose neighbouring values differ less.',
  joins: false,
  randomised: false,
  adaptive: ['unrolled'],
  optionsSchema,
  wrap: (classifiers, { weight, steps }) => through(classifiers, (x) => minimised(x, weight, steps)),
};

const STEP_SIZE = 0.25;

/** Keeps the derivative of a length finite where the length is 0. */
const SMALLEST_SQUARE = 1e-12;

function minimised(x: tf.Tensor4D, weight: number, steps: number): tf.Tensor4D {
  let down: tf.Tensor4D = tf.zerosLike(x);
  let right: tf.Tensor4D = tf.zerosLike(x);
  let smooth = x;
  for (let step = 0; step < steps; step++) {
    const below = difference(smooth, 1);
    const beside = difference(smooth, 2);
    const length = tf.sqrt(tf.add(tf.add(tf.square(below), tf.square(beside)), SMALLEST_SQUARE));
    const shrink = tf.add(tf.mul(length, STEP_SIZE / weight), 1);
    down = tf.div(tf.sub(down, tf.mul(below, STEP_SIZE)), shrink);
    right = tf.div(tf.sub(right, tf.mul(beside, STEP_SIZE)), shrink);
    smooth = tf.add(x, tf.add(tf.sub(shifted(down, 1), down), tf.sub(shifted(right, 2), right)));
  }
  return smooth;
}

/** The next value along an axis minus each value, 0 for the last. */
function difference(x: tf.Tensor4D, axis: 1 | 2): tf.Tensor4D {
  const next = tf.slice(x, axis === 1 ? [0, 1, 0, 0] : [0, 0, 1, 0]);
  return padded(tf.sub(next, withoutLast(x, axis)), axis, 0, 1);
}

/** Each value in the place of the next along an axis, 0 in the first. */
function shifted(x: tf.Tensor4D, axis: 1 | 2): tf.Tensor4D {
  return padded(withoutLast(x, axis), axis, 1, 0);
}

function withoutLast(x: tf.Tensor4D, axis: 1 | 2): tf.Tensor4D {
  const size = x.shape.slice() as typeof x.shape;
  size[axis] -= 1;
  return tf.slice(x, [0, 0, 0, 0], size);
}

function padded(x: tf.Tensor4D, axis: 1 | 2, before: number, after: number): tf.Tensor4D {
  const none: [number, number] = [0, 0];
  const both: [number, number] = [before, after];
  return axis === 1 ? tf.pad(x, [none, both, none, none]) : tf.pad(x, [none, none, both, none]);
}
