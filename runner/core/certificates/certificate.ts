import type { z } from 'zod';
import type { SentSubmission } from '../models/sent-model.ts';
import type { Norm } from '../projections.ts';
import type { Spent } from '../spending.ts';
import type { Submission } from '../submission.ts';
import type { Mistake } from '../submission-mistakes.ts';
import type { ThreatModel } from '../tracks.ts';

/** What is asked for certificates of. */
export interface CertifyContext {
  /** The submission with its files; a method opens of it what it bounds, in a worker. */
  readonly submission: SentSubmission['submission'];
  /** Clean images, float32 [examples × height × width × channels], pixels in [0, 1]. */
  readonly x: Float32Array;
  /** True classes, [examples]. */
  readonly y: Int32Array;
  /** Positions of the examples in the data set, which draws depend on. */
  readonly examples: Int32Array;
  readonly norm: Norm;
  readonly epsilon: number;
  readonly seed: number;
  /** Told how far it is, in gradients. */
  readonly spent?: Spent | undefined;
}

/** A way to prove that no image of a ball is classified wrong. */
export interface Certificate<Schema extends z.ZodObject = z.ZodObject> {
  /** How submission.yaml names it. */
  readonly id: string;
  readonly name: string;
  /** Address of the paper that it comes from. */
  readonly paper: string;
  /** What it proves, in a sentence. */
  readonly description: string;
  /** Norms of the balls that it proves something of. */
  readonly norms: readonly Norm[];
  /** The options with their defaults, limits and descriptions; `examples`, where there is one, says on how many of the first it is computed. */
  readonly optionsSchema: Schema;
  /**
   * 'proof': no image of the ball is classified wrong, so that an attack that finds one shows a bug. 'chance': so it is but for a stated
   * chance, and of a classifier that draws infinitely often, where the one that is attacked draws a number of times.
   */
  readonly holds: 'proof' | 'chance';
  /** Examples of one task: decides the shape of a batch, and so must not depend on the device. */
  readonly chunk: number;
  /** So many certified examples are computed anew when a result is verified. */
  readonly checked: number;
  /** Names of the numbers that are measured of each example. */
  readonly numbers: readonly string[];
  /** @returns rough cost of an example in gradients */
  cost(options: z.output<Schema>): number;
  /** @returns why a submission cannot be certified so, or options that make no sense with it; null when it can */
  refuses(submission: Submission, options: z.output<Schema>): Mistake | null;
  /**
   * @returns `numbers` of each example, float64 [examples × numbers], all finite
   * @throws ParapetError 'submission' for a net that cannot be bounded
   */
  measure(context: CertifyContext, options: z.output<Schema>): Promise<Float64Array>;
  /** Whether numbers of an example, [numbers], prove that it is right in the whole ball, which is as large as the judge of attacks allows. */
  certifies(numbers: Float64Array, options: z.output<Schema>, ball: Pick<ThreatModel, 'epsilon'>): boolean;
  /** Radius up to which an example is right; 0 where it is wrong. Absent for a method that looks at one radius only. */
  radius?(numbers: Float64Array, options: z.output<Schema>): number;
  /** Whether numbers of an example that another backend gives are the same but for rounding. */
  agrees(recorded: Float64Array, again: Float64Array, options: z.output<Schema>): boolean;
}

/** A certificate as a result names it: every option written out. */
export interface NamedCertificate {
  readonly method: string;
  readonly options: Readonly<Record<string, string | number | boolean>>;
}
