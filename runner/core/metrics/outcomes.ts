import type { SuiteAttack } from '../suites/suite.ts';

/** What a row ended in: still right (or the target not reached), beaten outside the track's ball, beaten within it. */
export const outcome = { held: 0, beyond: 1, broken: 2 } as const;

/** What one line of a suite did. A row is an example, or an example with one class to reach. */
export interface LineOutcomes {
  readonly line: SuiteAttack;
  /** 1, or one row per wrong class. */
  readonly rowsPerExample: number;
  /** One of `outcome`, [examples × rowsPerExample]. */
  readonly code: Uint8Array;
  /** Size of each success in the line's own norm, [examples × rowsPerExample]; 0 where the row held. */
  readonly distance: Float64Array;
  /** The same in the track's norm, never above the track's ε where the row is `broken`. */
  readonly trackDistance: Float64Array;
}

/** Everything that the numbers of a result are counted from; the evidence file holds it. */
export interface Outcomes {
  /** Position in the data set of each attacked example. */
  readonly examples: Int32Array;
  /** Predicted class of each scanned example from the start of the data set; -1 for a tie or a non-finite row. */
  readonly predictions: Int32Array;
  /** True classes, in the order of the data set. */
  readonly y: Int32Array;
  readonly lines: readonly LineOutcomes[];
  /** Smallest verified distance in the track's norm of each attacked example; -1 where there is none. */
  readonly nearest: Float64Array;
}

/** Whether each attacked example is classified right before any attack. */
export function rightAtFirst({
  examples,
  predictions,
  y,
}: Pick<Outcomes, 'examples' | 'predictions' | 'y'>): boolean[] {
  return Array.from(examples, (example) => predictions[example] === y[example]);
}

/** Whether each attacked example is classified right, and broken by no line within the track's ball. */
export function standing(outcomes: Pick<Outcomes, 'examples' | 'predictions' | 'y' | 'lines'>): boolean[] {
  const { lines } = outcomes;
  return rightAtFirst(outcomes).map((isRight, i) => isRight && !lines.some((l) => reached(l, i, outcome.broken)));
}

/** Whether any row of an example reached at least `code`. */
export function reached(line: Pick<LineOutcomes, 'rowsPerExample' | 'code'>, example: number, code: number): boolean {
  for (let row = example * line.rowsPerExample; row < (example + 1) * line.rowsPerExample; row++) {
    if ((line.code[row] as number) >= code) return true;
  }
  return false;
}
