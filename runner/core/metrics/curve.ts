/** A point of the accuracy-over-ε curve: the share of all examples that are right and that nothing within ε broke. */
export interface CurvePoint {
  readonly epsilon: number;
  readonly robustAccuracy: number;
}

const MOST_POINTS = 50;

/** Rounds up to six decimals, so that a point read from the file still lies at or beyond the step it stands for. */
function roundUp(distance: number): number {
  const rounded = Math.ceil(distance * 1e6) / 1e6;
  return rounded >= distance ? rounded : distance;
}

/**
 * Accuracy over ε, from the smallest verified distance per example: an upper bound on robust accuracy at every ε that is
 * tight only where an attack minimises. It falls in steps; the points are the steps, thinned to about 50, with 0, the
 * track's ε and the last step always among them.
 *
 * @param right whether each example is classified right before any attack
 * @param nearest smallest distance in the track's norm, -1 for none, [examples]
 * @param epsilon the track's ε; distances of broken examples do not exceed it
 */
export function curve(right: readonly boolean[], nearest: Float64Array, epsilon: number): CurvePoint[] {
  const steps = new Set<number>();
  for (const distance of nearest) {
    if (distance > 0) steps.add(distance <= epsilon ? Math.min(epsilon, roundUp(distance)) : roundUp(distance));
  }
  const sorted = [...steps].sort((a, b) => a - b);
  const stride = Math.max(1, (sorted.length - 1) / (MOST_POINTS - 1));
  const kept = new Set<number>([0, epsilon]);
  for (let i = 0; Math.round(i) < sorted.length; i += stride) kept.add(sorted[Math.round(i)] as number);
  const last = sorted.at(-1);
  if (last !== undefined) kept.add(last);
  return [...kept].sort((a, b) => a - b).map((e) => ({ epsilon: e, robustAccuracy: accuracyAt(right, nearest, e) }));
}

function accuracyAt(right: readonly boolean[], nearest: Float64Array, epsilon: number): number {
  if (right.length === 0) return 0;
  let standing = 0;
  for (let i = 0; i < right.length; i++) {
    const distance = nearest[i] as number;
    if (right[i] && (distance < 0 || distance > epsilon)) standing++;
  }
  return standing / right.length;
}
