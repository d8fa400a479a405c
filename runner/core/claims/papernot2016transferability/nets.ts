/** The three techniques of the paper that are trained by descent, each on its own ten thousand images. */
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { lenetMnist } from '../../models/lenet.ts';
import { softmaxRegressionMnist } from '../../models/softmax-regression.ts';
import { onePhase, type TrainingMethod } from '../../training/method.ts';
import { differentiate } from '../../training/objective.ts';
import { descentOptions } from '../../training/options.ts';
import { standard } from '../../training/standard.ts';
import type { TrainedNet } from '../experiment.ts';
import type { View } from '../view.ts';

/** Images that each technique learns from. */
export const TRAINING_IMAGES = 10_000;

/** The part of the training set that a technique learns from: no image serves two. */
export const part = (index: number): View => ({
  range: [index * TRAINING_IMAGES, (index + 1) * TRAINING_IMAGES],
});

/**
 * A support vector machine for each class against all others: mean over images of Σ_c max(0, 1 − s_c z_c)², where s_c is 1 for the image's
 * class and −1 for the others; the weight of ‖w‖² is the recipe's weight decay.
 */
export const squaredHinge: TrainingMethod = {
  id: 'squared-hinge',
  name: 'Support vector machines',
  paper: 'https://arxiv.org/abs/1605.07277',
  optionsSchema: z.strictObject(descentOptions),
  phases: (options) =>
    onePhase((options as { epochs: number }).epochs, (step) =>
      differentiate(step, ({ scores }) => {
        const signs = tf.sub(tf.mul(step.labels, 2), 1);
        const missing = tf.relu(tf.sub(1, tf.mul(signs, scores(step.x))));
        return tf.mean(tf.sum(tf.square(missing), 1)) as tf.Scalar;
      }),
    ),
};

const adam = { optimiser: 'adam', dropout: 0, batchSize: 100 } as const;

export const net: TrainedNet = {
  id: 'net',
  architecture: lenetMnist,
  method: standard,
  seed: 0,
  options: { ...adam, learningRate: 0.002, epochs: 6, annealEpochs: 3 },
  view: part(0),
};

export const regression: TrainedNet = {
  id: 'regression',
  architecture: softmaxRegressionMnist,
  method: standard,
  seed: 0,
  options: { ...adam, learningRate: 0.003, epochs: 15, annealEpochs: 5 },
  view: part(1),
};

export const machine: TrainedNet = {
  id: 'machine',
  architecture: softmaxRegressionMnist,
  method: squaredHinge,
  seed: 0,
  options: { ...adam, learningRate: 0.003, epochs: 15, annealEpochs: 5, weightDecay: 0.01 },
  view: part(2),
};
