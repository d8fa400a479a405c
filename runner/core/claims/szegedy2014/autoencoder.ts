/**
 * A classifier on the codes of a sparse autoencoder: first an encoder learns to have its images drawn again from few active codes, by its own
 * weights turned around; then, with the encoder as it is, softmax regression learns the classes from the codes.
 *
 * Source: Szegedy et al., https://arxiv.org/abs/1312.6199, §4.2, which says no more than "sparse autoencoder"; the penalty is that of Ng, "Sparse
 * autoencoder", CS294A lecture notes, 2011: the Kullback–Leibler divergence of each code's mean activity from a small one.
 */
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { connect, flatten } from '../../models/forward.ts';
import type { TrainingMethod } from '../../training/method.ts';
import { crossEntropy, differentiate, type Step } from '../../training/objective.ts';
import { type DescentOptions, descentOptions } from '../../training/options.ts';

/** Share of the images that a code is to be active on, and the weight of that wish. */
const ACTIVITY = 0.1;
const SPARSITY = 0.1;
const TINY = 1e-6;

/** Squared error of the images drawn again, summed over pixels, and the penalty on busy codes. */
function reconstruct(step: Step) {
  const pixels = flatten(step.x);
  return differentiate(step, ({ weights }) => {
    const codes = tf.sigmoid(connect(weights, 'encoder', pixels)) as tf.Tensor2D;
    const sums = tf.matMul(codes, weights['encoder.weight'] as tf.Tensor2D, false, true);
    const drawn = tf.sigmoid(tf.add(sums, weights['decoder.bias'] as tf.Tensor));
    const error = tf.mean(tf.sum(tf.squaredDifference(drawn, pixels), 1));
    const activity = tf.clipByValue(tf.mean(codes, 0), TINY, 1 - TINY);
    const divergence = tf.add(
      tf.mul(ACTIVITY, tf.log(tf.div(ACTIVITY, activity))),
      tf.mul(1 - ACTIVITY, tf.log(tf.div(1 - ACTIVITY, tf.sub(1, activity)))),
    );
    // What this phase does not learn still needs a derivative, of 0.
    const rest = tf.mul(0, tf.add(tf.sum(weights['fc.weight'] as tf.Tensor), tf.sum(weights['fc.bias'] as tf.Tensor)));
    return tf.addN([error, tf.mul(SPARSITY, tf.sum(divergence)), rest]) as tf.Scalar;
  });
}

/** Cross-entropy of a linear classifier on codes that stay as they are. */
function classify(step: Step) {
  const codes = tf.sigmoid(connect(step.weights, 'encoder', flatten(step.x))) as tf.Tensor2D;
  return differentiate(step, ({ weights }) => {
    const loss = crossEntropy(connect(weights, 'fc', codes), step.labels);
    const fixed = ['encoder.weight', 'encoder.bias', 'decoder.bias'].map((name) => tf.sum(weights[name] as tf.Tensor));
    return tf.add(loss, tf.mul(0, tf.addN(fixed))) as tf.Scalar;
  });
}

export const onCodes: TrainingMethod = {
  id: 'sparse-autoencoder',
  name: 'Classifier on the codes of a sparse autoencoder',
  paper: 'https://arxiv.org/abs/1312.6199',
  optionsSchema: z.strictObject(descentOptions),
  phases(options) {
    const { epochs } = options as DescentOptions;
    const common = { epochs, temperature: 1, labels: 'classes' } as const;
    return [
      { ...common, name: 'autoencoder', start: 'random', objective: reconstruct },
      { ...common, name: 'classifier', start: { phase: 'autoencoder' }, objective: classify },
    ];
  },
};
