import type { AttackContext } from '../attack.ts';
import { pick } from './active-set.ts';
import { scoresOf } from './host-images.ts';
import { rivalMargins } from './rival-margins.ts';

/**
 * Margin beyond the boundary that is aimed at, as a share of the largest logit. At the boundary itself another batch shape or
 * backend rounds to the other side; half of it is enough.
 */
const AIM = 2e-5;

/**
 * Looks for successes between images and adversarial ones: on each segment, a secant search for the point at which the two logits
 * that decide are equal. Of the two ends, the one on the same side of the boundary gives way to the new point.
 *
 * Source: Croce & Hein, https://arxiv.org/abs/1907.02044, the final search, as in the authors' code: three steps. Here a point is
 * aimed at a little beyond the boundary, and where the secant leaves the segment the step halves it.
 * @param x clean images, [rows.length × size]
 * @param far an adversarial image for each
 * @param rows which rows of the batch they are
 * @returns the nearest success found on each segment, `far` itself where none
 */
export async function finalSearch(
  { model, y, target, adversarial }: AttackContext,
  x: Float32Array,
  far: Float32Array,
  rows: Int32Array,
  steps: number,
): Promise<Float32Array> {
  const { classes } = model;
  const [own, goal] = [pick(y, rows), pick(target, rows)];
  const low = { share: new Float64Array(rows.length), scores: (await scoresOf(model, x)).slice() };
  const high = { share: new Float64Array(rows.length).fill(1), scores: (await scoresOf(model, far)).slice() };
  const size = x.length / rows.length;
  const best = far.slice();
  for (let step = 0; step < steps; step++) {
    const between = new Float32Array(x.length);
    const shares = Float64Array.from(rows, (_, i) => {
      const share = nextShare(i, classes, goal === null ? own : goal, goal !== null, low, high);
      for (let k = i * size; k < (i + 1) * size; k++) {
        between[k] = (x[k] as number) + share * ((far[k] as number) - (x[k] as number));
      }
      return share;
    });
    const scores = await scoresOf(model, between);
    const { margins, largest } = rivalMargins(scores, classes, own, goal);
    const succeeded = adversarial(scores, rows);
    for (const [i, share] of shares.entries()) {
      const clear = !((margins[i] as number) > (-AIM / 2) * (largest[i] as number));
      const success = succeeded[i] === 1 && clear;
      const end = success ? high : low;
      end.share[i] = share;
      end.scores.set(scores.subarray(i * classes, (i + 1) * classes), i * classes);
      if (success) best.set(between.subarray(i * size, (i + 1) * size), i * size);
    }
  }
  return best;
}

/** One end of each segment: how far from x to `far` it is, and its class scores. */
interface End {
  readonly share: Float64Array;
  readonly scores: Float32Array;
}

/** Where a row's secant meets the aim; the middle where that is not between the ends. */
function nextShare(i: number, classes: number, own: Int32Array, targeted: boolean, low: End, high: End): number {
  const at = ({ scores }: End) => scores.subarray(i * classes, (i + 1) * classes);
  const mine = own[i] as number;
  // The class that wins beyond the boundary or, with a target, the one that is to be beaten.
  const rival = largestOther(at(targeted ? low : high), mine);
  const difference = (z: Float32Array) => ((z[mine] as number) - (z[rival] as number)) * (targeted ? -1 : 1);
  const [near, far] = [difference(at(low)), difference(at(high))];
  const aim = AIM * at(high).reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  const [from, to] = [low.share[i] as number, high.share[i] as number];
  const share = from + ((to - from) * (near + aim)) / (near - far);
  return share > from && share < to ? share : (from + to) / 2;
}

function largestOther(z: Float32Array, own: number): number {
  let best = own === 0 ? 1 : 0;
  for (const [c, value] of z.entries()) if (c !== own && value > (z[best] as number)) best = c;
  return best;
}
