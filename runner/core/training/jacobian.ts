/**
 * Jacobian regularisation: every step descends on J(x) + λ/2 · ‖∂z/∂x‖²_F, the mean over the images of the squared Frobenius norm of the
 * logits' derivative by the pixels. The norm is estimated without bias by projections on random unit vectors v of the logits:
 * ‖∂z/∂x‖²_F = C · E ‖∂(v·z)/∂x‖², for C classes.
 *
 * Source: Hoffman, Roberts & Yaida, "Robust Learning with Jacobian Regularization", 2019, https://arxiv.org/abs/1908.02729, algorithm 1
 * (one projection, λ = 0.01).
 */
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { exampleRandom } from '../random.ts';
import { onePhase, type TrainingMethod } from './method.ts';
import { crossEntropy, differentiate, type Net, type Step } from './objective.ts';
import { descentOptions } from './options.ts';

const optionsSchema = z.strictObject({
  ...descentOptions,
  dropout: descentOptions.dropout.default(0),
  jacobianWeight: z.number().min(0).max(1000).default(0.01).describe('λ of the penalty.'),
  projections: z.int().min(1).max(100).default(1).describe('Random vectors per image; each costs a backward pass.'),
});

export const jacobian: TrainingMethod<typeof optionsSchema> = {
  id: 'jacobian',
  name: 'Jacobian regularisation',
  paper: 'https://arxiv.org/abs/1908.02729',
  optionsSchema,
  phases: ({ epochs, jacobianWeight, projections }) =>
    onePhase(epochs, (step) =>
      differentiate(step, (net) => {
        const squares = Array.from({ length: projections }, (_, i) => projectedSquare(step, net, i));
        const penalty = tf.mul(tf.addN(squares), jacobianWeight / 2 / projections);
        return tf.add(crossEntropy(net.scores(step.x), step.labels), penalty);
      }),
    ),
};

/** Mean over the images of C · ‖∂(v·z)/∂x‖², for a random unit vector v of each. */
function projectedSquare({ x, architecture, seed, stream, step }: Step, net: Net, projection: number): tf.Scalar {
  const { classes } = architecture;
  const rows = Array.from({ length: x.shape[0] }, (_, row) => row);
  const draws = exampleRandom(seed, `jacobian/${stream}/${projection}`).normal(rows, step, classes);
  const v = tf.tensor2d(draws, [rows.length, classes]);
  const unit = tf.div(v, tf.norm(v, 2, 1, true));
  const slopes = tf.grad((images: tf.Tensor) => tf.sum(tf.mul(net.scores(images as tf.Tensor4D), unit)))(x);
  return tf.mul(tf.sum(tf.square(slopes)), classes / rows.length);
}
