import type { SuiteAttack } from '../suites/suite.ts';

/** The rows that a line makes of a chunk of examples. */
export interface Rows {
  readonly rowsPerExample: number;
  /** Which example of the chunk each row is of. */
  readonly source: Int32Array;
  /** Class that each row must reach; null when any wrong one will do. */
  readonly target: Int32Array | null;
}

/** The class that stands at a rank among the wrong ones, in ascending order. */
export function wrongClass(label: number, rank: number): number {
  return rank < label ? rank : rank + 1;
}

/**
 * One row per example, or one per example and wrong class, in ascending order of class.
 *
 * @param targets which class to reach
 * @param y true classes of the chunk
 * @param classes number of classes
 * @param logits logits of the clean images, [y.length × classes]; asked for only where the target depends on them
 */
export function expandRows(
  targets: SuiteAttack['targets'],
  y: Int32Array,
  classes: number,
  logits: () => Float32Array,
): Rows {
  const source = Int32Array.from(y, (_, i) => i);
  if (targets === 'untargeted') return { rowsPerExample: 1, source, target: null };
  if (targets === 'all') {
    const others = classes - 1;
    const rows = Int32Array.from({ length: y.length * others }, (_, row) => Math.floor(row / others));
    const target = rows.map((example, row) => wrongClass(y[example] as number, row % others));
    return { rowsPerExample: others, source: rows, target };
  }
  const scores = logits();
  const sign = targets === 'runner-up' ? 1 : -1;
  const target = y.map((label, i) => extremeOther(scores.subarray(i * classes, (i + 1) * classes), label, sign));
  return { rowsPerExample: 1, source, target };
}

/** Class other than `label` with the largest `sign · score`; the first of equals, and of a row that is not finite. */
function extremeOther(scores: Float32Array, label: number, sign: 1 | -1): number {
  let best = label === 0 ? 1 : 0;
  scores.forEach((score, c) => {
    if (c !== label && sign * score > sign * (scores[best] as number)) best = c;
  });
  return best;
}
