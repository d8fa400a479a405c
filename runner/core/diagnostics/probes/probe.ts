import type { Classifier } from '../../models/classifier.ts';
import type { Norm } from '../../projections.ts';
import type { Spent } from '../../spending.ts';
import type { SuiteAttack } from '../../suites/suite.ts';

/** What a probe is given: a few of the attacked examples, all of which the model classifies right. */
export interface ProbeContext {
  readonly classifier: Classifier;
  /** Clean images, [n × height × width × channels]. */
  readonly x: Float32Array;
  /** True classes, [n]. */
  readonly y: Int32Array;
  /** Index of each example in its data set, [n]. */
  readonly examples: Int32Array;
  /** 1 for each example that no line of the suite broke, [n]. */
  readonly standing: Uint8Array;
  readonly norm: Norm;
  readonly epsilon: number;
  readonly seed: number;
  /** The suite's strongest line among those that use gradients within the ball; null when it has none. */
  readonly line: SuiteAttack | null;
  /** Told how far a long probe is. */
  readonly spent?: Spent | undefined;
}

/** What a probe measured, by name; fractions are in [0, 1]. */
export type Reading = Readonly<Record<string, number>>;

/** An experiment on a model beside the attacks of a suite. It measures and does not judge: the diagnostics do. */
export interface Probe {
  readonly id: string;
  /** So many examples at most. */
  readonly examples: number;
  /** What it costs, as so many forward and backward passes an example and as so many runs of the line, for a forecast. */
  readonly cost: { readonly passes: number; readonly lineRuns: number };
  /** @returns null when there is nothing to measure: no example, or no line where one is needed */
  measure(context: ProbeContext): Promise<Reading | null>;
}
