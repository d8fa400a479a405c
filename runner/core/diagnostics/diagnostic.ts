import type { LineOutcomes } from '../metrics/outcomes.ts';
import type { Numbers } from '../metrics/recount.ts';
import type { Flag } from '../result.ts';
import type { ResolvedSuite } from '../suites/resolve.ts';
import type { SuiteAttack } from '../suites/suite.ts';
import type { Reading } from './probes/probe.ts';

/** What the run saw of one line, beyond its outcomes. */
export interface LineObservations {
  readonly line: SuiteAttack;
  /** Rows whose adversarial image has logits that are NaN or infinite. */
  readonly nonFinite: number;
  /** Rows for which the attack returned pixels that are NaN or infinite: a bug of ours. */
  readonly rejected: number;
  /** Rows that the attack saw succeed on its way and that what it returned does not break; 0 for one without a fixed ball. */
  readonly lost: number;
  /** Share of the gradients that were zero or NaN throughout; null when the attack computed none. */
  readonly zeroGradientShare: number | null;
}

/** What warning signs are read from. */
export interface Observations {
  readonly suite: ResolvedSuite;
  readonly numbers: Numbers;
  readonly lines: readonly LineObservations[];
  /** Predicted class of each scanned example. */
  readonly predictions: Int32Array;
  /** Scanned examples whose output is a probability distribution, as logits hardly ever are. */
  readonly probabilityRows: number;
  /** What each line did, as far as it was confirmed, in the suite's order. */
  readonly outcomes: readonly LineOutcomes[];
  /** Whether each attacked example is classified right before any attack. */
  readonly right: readonly boolean[];
  /** What the suite's probes measured, by their ids; those that had nothing to measure are left out. */
  readonly probes: Readonly<Record<string, Reading>>;
  /** Successes that the independent backend did not confirm, and that are not counted. */
  readonly unconfirmed: number;
}

/** A warning sign, computed and never declared. */
export type Diagnostic = (observations: Observations) => Flag | null;
