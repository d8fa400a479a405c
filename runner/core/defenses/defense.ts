import type { z } from 'zod';
import type { Classifier } from '../models/classifier.ts';
import type { Draws } from './draws.ts';

/**
 * How an attack that knows of a defense gets gradients through it:
 * - `exact`: it is differentiable, and its derivative is taken;
 * - `bpda`: its forward pass is kept and another function is differentiated in its place (Athalye et al., 2018, §4.1);
 * - `eot`: it draws, and gradients are averaged over draws (the same, §4.2);
 * - `unrolled`: it is a search of its own, and is differentiated through all its steps.
 */
export type Adaptive = 'exact' | 'bpda' | 'eot' | 'unrolled';

/** What a defense is given besides its nets and options. */
export interface Given {
  /** Where one that is randomised draws from. */
  readonly draws: Draws;
  /** The file that the submission names for it, not looked at yet; null where it names none. */
  readonly file: Uint8Array | null;
}

/** What is done at inference around a net, or to join several. */
export interface Defense<Schema extends z.ZodObject = z.ZodObject> {
  /** How submission.yaml names it. */
  readonly id: string;
  readonly name: string;
  /** Address of the paper that it comes from. */
  readonly paper: string;
  /** What it does, in a sentence. */
  readonly description: string;
  /** Whether it makes one classifier of several; all others take exactly one. */
  readonly joins: boolean;
  /** Whether it draws; a submission that names it must say `randomised: true`. */
  readonly randomised: boolean;
  /** What the file is that a submission must name for it; absent where it must name none. */
  readonly file?: string;
  /** How it is attacked adaptively; a defense that draws and rounds, say, is met by both `bpda` and `eot`. */
  readonly adaptive: readonly Adaptive[];
  /** The options with their defaults, limits and descriptions. */
  readonly optionsSchema: Schema;
  /**
   * @param classifiers several where it joins, else one; all take the same images and have the same classes
   * @param options as the schema gives them
   * @returns a classifier whose `logits` has the gradient that `adaptive` names, so that every attack is an adaptive one;
   *   it owns the classifiers and disposes of them with itself
   * @throws ParapetError 'submission' for a file that is not what it should be
   */
  wrap(classifiers: readonly [Classifier, ...Classifier[]], options: z.output<Schema>, given: Given): Classifier;
}
