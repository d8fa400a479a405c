import type { Standing } from '../evidence/standing.ts';
import type { Proportion } from '../result.ts';
import { proportion } from './proportion.ts';

/** What one external evaluation did to a row. */
export interface ExternalShare {
  /** Of its confirmed images, those of examples that the row was attacked on; the others say nothing about it. */
  readonly counted: number;
  /** Of these, those of examples that the suite had left standing. */
  readonly broken: number;
}

/** A row after external evaluations. */
export interface Lowered {
  /** Of the row's examples: those that stand, and that no external evaluation broke. */
  readonly robustAccuracy: Proportion;
  /** Positions of the examples that the suite had left standing, and that any of the evaluations broke. */
  readonly broken: ReadonlySet<number>;
  /** In the order of the evaluations; what several broke counts for each, and once for the row. */
  readonly shares: readonly ExternalShare[];
}

/**
 * Robust accuracy of a row under its suite and under external evaluations: an example counts if neither broke it. It never
 * exceeds the suite's own, and neither the order of the evaluations nor naming one twice changes it.
 *
 * @param row what the suite left: so many examples attacked, and the share of them that stands
 * @param standings what became of each example; needed of those that an evaluation names, by position in the data set
 * @param evaluations of each the positions whose image was confirmed
 */
export function lowered(
  row: { readonly examples: number; readonly robustAccuracy: Proportion },
  standings: ReadonlyMap<number, Standing>,
  evaluations: readonly ReadonlySet<number>[],
): Lowered {
  const broken = new Set<number>();
  const shares = evaluations.map((confirmed) => {
    const counted = [...confirmed].filter((position) => standings.has(position));
    const fell = counted.filter((position) => standings.get(position) === 'stands');
    for (const position of fell) broken.add(position);
    return { counted: counted.length, broken: fell.length };
  });
  const standing = Math.round(row.robustAccuracy.value * row.examples);
  return { robustAccuracy: proportion(standing - broken.size, row.examples), broken, shares };
}
