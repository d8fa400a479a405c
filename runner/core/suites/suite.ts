import type { Norm } from '../projections.ts';

/** One attack of a suite, with every option written out by the time it is in a result. */
export interface SuiteAttack {
  /** Name of this line in results: unique in the suite. */
  readonly id: string;
  /** Id of the attack that does it. */
  readonly attack: string;
  readonly options: Readonly<Record<string, string | number | boolean>>;
  /** Which class to reach: none in particular, the most likely wrong one, the least likely one, or each wrong one in turn. */
  readonly targets: 'untargeted' | 'runner-up' | 'least-likely' | 'all';
  /**
   * 'track': success needs the track's ball. 'unbounded': success is misclassification (or the target class)
   * at any distance, and only what falls in the track's ball counts against the row's robust accuracy.
   */
  readonly ball: 'track' | 'unbounded';
  /** Norm in which an unbounded attack minimises; the track's when absent. */
  readonly norm?: Norm;
  /** Ids of the submissions that a transfer attack crafts on; for no other attack. */
  readonly surrogates?: readonly string[];
  /** The file that an attack of a person's own comes from; for no other attack. */
  readonly file?: { readonly name: string; readonly sha256: string };
  /** So many examples from the first; all of the suite's when absent. For what costs too much to be run on all. */
  readonly examples?: number;
}

/** Frozen once published: a change is a new suite. */
export interface Suite {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  /** Attacks per track id; a suite serves the tracks that it lists. */
  readonly attacks: Readonly<Record<string, readonly SuiteAttack[]>>;
  /** Attacks in L1, which no track is in: only for data of a person's own, and no part of the digest. */
  readonly l1?: readonly SuiteAttack[];
  /**
   * The examples: the first so many of the test set, or the first so many that the model classifies right. In the second
   * case the whole test set is scanned, and clean accuracy is of all of it.
   */
  readonly examples: { readonly count: number; readonly which: 'first' | 'first-correct' };
  /**
   * With true each line meets only the examples that are right and that no line before it broke within the track's ball, as in
   * AutoAttack; the order of the lines is then part of the suite. Without, every line meets every example.
   */
  readonly cascade?: boolean;
  /** Consecutive examples that are attacked, journaled and sharded together; set here, never by the device. */
  readonly chunk: number;
  /**
   * Images to keep as evidence: of each broken example the nearest one ('examples'), and besides these one of every
   * successful image-target pair of the headline line ('pairs'); of the first `limit` examples only.
   */
  readonly evidence: { readonly images: 'examples' | 'pairs'; readonly limit: number };
  /** Ids of the probes that measure, beside the attacks, whether these can be trusted; none when absent. */
  readonly probes?: readonly string[];
  /** For a targeted protocol: the id of the attack line whose pairs are the result's `pairs`. */
  readonly headline?: string;
}
