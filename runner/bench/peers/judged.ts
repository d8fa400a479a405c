import { adversarial, distances, inBall, inBox, predictions } from '#core/metrics/judge.ts';
import { median } from '#core/metrics/median.ts';
import { proportion } from '#core/metrics/proportion.ts';
import type { Norm } from '#core/projections.ts';
import type { Proportion } from '#core/result.ts';
import type { Rows } from './nets.ts';
import type { Answer } from './task.ts';

/**
 * Slack for images of peers, which round x + δ and the projection in float32 and know nothing of our tolerance: what is within
 * it counts for them. Ours are held to `BALL_TOLERANCE`.
 */
const PEER_SLACK = 1e-4;

/** What came of an attack of any tool, by one judge for all: none grades itself. */
export interface Judged {
  /**
   * 1 where the image is in the box and in the ball, and the tool's own net takes it for another class, or for the target;
   * and where it does so of the clean image, which counts as found at distance 0 whatever a tool made of it.
   */
  readonly success: Uint8Array;
  /** Of each row in the norm. */
  readonly distance: Float64Array;
  /** 1 where the clean image is classified right. */
  readonly cleanCorrect: Uint8Array;
  /** Misclassified, but outside the ball or the box. */
  readonly outside: number;
  readonly robustAccuracy: Proportion;
  /** Of the rows first classified right, a failure being at infinity; null where most fail. */
  readonly medianDistance: number | null;
}

/** @param epsilon null for a search at any distance */
export function judge(
  { x, y, target }: Rows,
  { xAdv, logits, cleanLogits }: Pick<Answer, 'xAdv' | 'logits' | 'cleanLogits'>,
  { classes, norm, epsilon, peer }: { classes: number; norm: Norm; epsilon: number | null; peer: boolean },
): Judged {
  const size = x.length / y.length;
  const distance = distances(x, xAdv, size, norm);
  const boxed = inBox(xAdv, size);
  const reached = adversarial(logits, classes, y, target);
  const atFirst = adversarial(cleanLogits, classes, y, target);
  const radius = (epsilon ?? Number.POSITIVE_INFINITY) * (peer && norm !== 'L0' ? 1 + PEER_SLACK : 1);
  const success = reached.map((won, row) =>
    won === 1 && boxed[row] === 1 && inBall(distance[row] as number, radius) ? 1 : 0,
  );
  const outside = reached.reduce((sum, won, row) => sum + (won === 1 && success[row] === 0 ? 1 : 0), 0);
  for (const [row, won] of atFirst.entries()) {
    if (won === 0) continue;
    success[row] = 1;
    distance[row] = 0;
  }
  const predicted = predictions(cleanLogits, classes);
  const cleanCorrect = Uint8Array.from(y, (label, row) => (predicted[row] === label ? 1 : 0));
  const right = [...cleanCorrect.keys()].filter((row) => cleanCorrect[row] === 1);
  const middle = median(
    right.map((row) => (success[row] === 1 ? (distance[row] as number) : Number.POSITIVE_INFINITY)),
  );
  const held = success.reduce((sum, won) => sum + (1 - won), 0);
  return {
    success,
    distance,
    cleanCorrect,
    outside,
    robustAccuracy: proportion(held, y.length),
    medianDistance: middle !== null && Number.isFinite(middle) ? middle : null,
  };
}
