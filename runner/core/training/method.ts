import type { z } from 'zod';
import type { Architecture } from '../models/architecture.ts';
import type { Objective } from './objective.ts';

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
  /** What every step minimises; the cross-entropy at the temperature when absent. */
  readonly objective?: Objective;
  /** Steps that are taken on one batch before the next; 1 when absent. */
  readonly replays?: number;
}

/** A training method: what a recipe in a submission names. */
export interface TrainingMethod<Schema extends z.ZodObject = z.ZodObject> {
  readonly id: string;
  readonly name: string;
  readonly paper: string;
  readonly optionsSchema: Schema;
  /** The phases in order; the last one's weights are the result. */
  phases(options: z.infer<Schema>): readonly Phase[];
  /**
   * @throws ParapetError 'submission' for an architecture that the method cannot train; every one that keeps no batch statistics can
   * be when absent
   */
  check?(architecture: Architecture): void;
  /**
   * Epochs of its phase over which what is trained against still grows to its full size: none of them counts as the best, or to the
   * patience. 0 when absent.
   */
  growthEpochs?(options: z.infer<Schema>): number;
  /** Options that do nothing beside others, and those others as a recipe writes them; none when absent. */
  idle?(options: z.infer<Schema>): { readonly names: readonly string[]; readonly beside: string };
}

/** A method of one phase that starts at random and learns the classes. */
export function onePhase(epochs: number, objective: Objective, more: Pick<Phase, 'replays'> = {}): readonly Phase[] {
  return [{ name: 'net', epochs, temperature: 1, start: 'random', labels: 'classes', objective, ...more }];
}
