/** What a step of descent minimises: a method differs from standard training in its objective, and in little else. */
import * as tf from '@tensorflow/tfjs';
import { type Architecture, type Dropout, type NamedTensors, prepared } from '../models/architecture.ts';

/** A step of descent, before it is taken. */
export interface Step {
  readonly architecture: Architecture;
  /** Present values of the architecture's parameters, in its order. */
  readonly parameters: readonly tf.Tensor[];
  /** The same by name, as `architecture.forward` takes them. */
  readonly weights: NamedTensors;
  /** Images of the batch, augmented, [batch, height, width, channels]. */
  readonly x: tf.Tensor4D;
  /** Probability of each class, [batch, classes]. */
  readonly labels: tf.Tensor2D;
  readonly dropout?: Dropout | undefined;
  /** Epochs of the phase that are done, with the fraction of the present one. */
  readonly time: number;
  /** Keys of this step's draws: the seed, the name of the phase, and the number of the step in the phase. */
  readonly seed: number;
  readonly stream: string;
  readonly step: number;
  /** What the step before left in `carried`; nothing at the start of an epoch. */
  readonly carried?: tf.Tensor4D | undefined;
}

export interface StepResult {
  readonly loss: tf.Scalar;
  /** Derivative of the loss by each parameter, in the architecture's order. */
  readonly gradients: readonly tf.Tensor[];
  /** For the next step of the epoch. */
  readonly carried?: tf.Tensor4D;
}

/** Runs within a tidy. */
export type Objective = (step: Step) => StepResult;

/** The net as a function of parameters that a gradient is taken by. */
export interface Net {
  /** As `architecture.forward` takes them. */
  readonly weights: NamedTensors;
  /** Class scores with the step's dropout. */
  scores(x: tf.Tensor4D): tf.Tensor2D;
}

export function netOf({ architecture, dropout }: Step, parameters: readonly tf.Tensor[]): Net {
  const weights = namedParameters(architecture, parameters);
  return { weights, scores: (x) => architecture.forward(weights, x, dropout) };
}

/** Parameters in the architecture's order → what `architecture.forward` takes. */
export function namedParameters(architecture: Architecture, parameters: readonly tf.Tensor[]): NamedTensors {
  const named = architecture.parameters.map(({ name }, i) => [name, parameters[i] as tf.Tensor]);
  return prepared(architecture, Object.fromEntries(named));
}

/** A loss and its derivative by every parameter. */
export function differentiate(step: Step, loss: (net: Net) => tf.Scalar): StepResult {
  const { value, grads } = tf.valueAndGrads((...parameters: tf.Tensor[]) => loss(netOf(step, parameters)))([
    ...step.parameters,
  ]);
  return { loss: value as tf.Scalar, gradients: grads };
}

/** Mean cross-entropy of softmax(logits / temperature) against `labels`. */
export function crossEntropy(logits: tf.Tensor2D, labels: tf.Tensor2D, temperature = 1): tf.Scalar {
  const logProbabilities = tf.logSoftmax(tf.div(logits, temperature));
  return tf.neg(tf.mean(tf.sum(tf.mul(labels, logProbabilities), 1))) as tf.Scalar;
}

/** Class scores of two batches of equal size in one pass, which costs less than two. */
export function scoresOfBoth(net: Net, first: tf.Tensor4D, second: tf.Tensor4D): [tf.Tensor2D, tf.Tensor2D] {
  return tf.split(net.scores(tf.concat([first, second]) as tf.Tensor4D), 2) as [tf.Tensor2D, tf.Tensor2D];
}
