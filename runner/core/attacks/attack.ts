import type * as tf from '@tensorflow/tfjs';
import type { z } from 'zod';
import type { GradientModel } from '../gradients.ts';
import type { Norm } from '../projections.ts';
import type { ExampleRandom } from '../random.ts';

/** Everything an attack is given. Tensors belong to the caller; the attack disposes only of what it makes. */
export interface AttackContext {
  /** The attacked model. Every call through it is counted, one per image. */
  readonly model: GradientModel;
  /**
   * Models of the attacker's own, for an attack with access 'transfer'; empty for every other. What they are asked is counted
   * apart from what the attacked model is.
   */
  readonly surrogates: readonly GradientModel[];
  /** Clean images, float32 [batch, height, width, channels], pixels in [0, 1]. */
  readonly x: tf.Tensor4D;
  /** True classes, [batch]. */
  readonly y: Int32Array;
  /** Classes that the attack must reach, [batch]; null when any wrong class will do. */
  readonly target: Int32Array | null;
  readonly norm: Norm;
  /**
   * Radius of the ball in pixel units, or the number of input values that may change for L0;
   * Infinity for a minimum-norm or unbounded attack that runs without a ball.
   */
  readonly epsilon: number;
  /** Draws keyed by (seed, attack, example), whatever the batch. */
  readonly random: ExampleRandom;
  /** Index of each example in its data set, [batch]: the key of its draws. */
  readonly examples: Int32Array;
  /**
   * The judge's rule, for an attack that stops early: whether logits mean success.
   * @param logits class scores of some rows of the batch, [rows.length × classes]
   * @param rows which rows of the batch they are
   * @returns 1 for each row where they do, else 0
   */
  adversarial(logits: Float32Array, rows: Int32Array): Uint8Array;
  /** Lets timers, signals and messages through now and then; to be awaited once per iteration of a long loop. */
  pause(): Promise<void>;
}

/**
 * An attack computes; `run.ts` checks the inputs, projects, judges and counts. No attack grades itself:
 * an image it returns counts only if the judge finds it in the ball and misclassified.
 */
export interface Attack<Schema extends z.ZodObject = z.ZodObject> {
  readonly id: string;
  readonly name: string;
  /** Norms whose ball the attack can search, or in which it minimises. */
  readonly norms: readonly Norm[];
  readonly kind: 'fixed-epsilon' | 'minimum-norm' | 'unbounded';
  /**
   * What it asks of the attacked model: gradients; logits alone; nothing but `adversarial`, which tells no more than a class;
   * gradients of surrogates and nothing of the model; or nothing of any model.
   */
  readonly access: 'gradient' | 'scores' | 'labels' | 'transfer' | 'none';
  /** Whether it can be told a class to reach, must be told one, or cannot. */
  readonly targeted: 'optional' | 'required' | 'never';
  /** Address of the source paper. */
  readonly paper: string;
  readonly optionsSchema: Schema;
  /** @returns adversarial images, same shape as `context.x`; the caller disposes of them */
  perturb(context: AttackContext, options: z.infer<Schema>): Promise<tf.Tensor4D>;
}
