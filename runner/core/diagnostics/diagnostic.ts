import type { Numbers } from '../metrics/recount.ts';
import type { Flag } from '../result.ts';
import type { ResolvedSuite } from '../suites/resolve.ts';
import type { SuiteAttack } from '../suites/suite.ts';

/** What the run saw of one line, beyond its outcomes. */
export interface LineObservations {
  readonly line: SuiteAttack;
  /** Rows whose adversarial image has logits that are NaN or infinite. */
  readonly nonFinite: number;
  /** Rows for which the attack returned pixels that are NaN or infinite: a bug of ours. */
  readonly rejected: number;
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
  /** Successes that the independent backend did not confirm, and that are not counted. */
  readonly unconfirmed: number;
}

/** A warning sign, computed and never declared. */
export type Diagnostic = (observations: Observations) => Flag | null;
