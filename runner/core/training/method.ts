import type { z } from 'zod';
import type { Adversary } from './adversary.ts';

/** One run of gradient descent: a net from start to end. A method is a sequence of phases, as data. */
export interface Phase {
  readonly name: string;
  readonly epochs: number;
  /** Softmax temperature of the loss: the cross-entropy is of softmax(logits / temperature). */
  readonly temperature: number;
  /** Where the weights start: at random, or where an earlier phase ended. */
  readonly start: 'random' | { readonly phase: string };
  /** What is learned: the data set's classes, or the probabilities of an earlier phase's net at a temperature. */
  readonly labels: 'classes' | { readonly phase: string; readonly temperature: number };
  /** What the images of every step are turned into before they are learned; without, they are learned as they are. */
  readonly adversary?: Adversary;
  /** Last epochs, over which the learning rate falls to 0 in a straight line; 0 without. */
  readonly annealEpochs?: number;
}

/** A training method: what a recipe in a submission names. */
export interface TrainingMethod<Schema extends z.ZodType = z.ZodType> {
  readonly id: string;
  readonly name: string;
  readonly paper: string;
  readonly optionsSchema: Schema;
  /** The phases in order; the last one's weights are the result. */
  phases(options: z.infer<Schema>): readonly Phase[];
}
