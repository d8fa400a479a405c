import type { AttackContext } from '../attack.ts';
import { pick } from './active-set.ts';
import { rivalMargins } from './rival-margins.ts';

/**
 * Margin that a success must have beyond the boundary, as a share of the largest logit. The smallest distance is always found
 * at the boundary itself, where another batch shape or backend rounds to the other side.
 */
const CLEARANCE = 1e-5;

/** Where rows stand, for an attack that looks for the nearest success. */
export interface Standing {
  /** Difference of logits by which each row still falls short of a success with its clearance; not above 0 where it is one. */
  readonly excess: Float64Array;
  /** 1 for each row that is a success and clear of the boundary; logits that are not finite always are. */
  readonly succeeded: Uint8Array;
}

/**
 * @param scores class scores of some rows of the batch, [rows.length × classes]
 * @param confidence margin of logits that a success must have, where it is more than the clearance
 */
export function standing(
  { model, y, target, adversarial }: AttackContext,
  scores: Float32Array,
  rows: Int32Array,
  confidence = 0,
): Standing {
  const { margins, largest } = rivalMargins(scores, model.classes, pick(y, rows), pick(target, rows));
  const excess = margins.map((margin, i) => margin + Math.max(confidence, CLEARANCE * (largest[i] as number)));
  const succeeded = adversarial(scores, rows).map((flag, i) => (flag === 1 && !((excess[i] as number) > 0) ? 1 : 0));
  return { excess, succeeded };
}
