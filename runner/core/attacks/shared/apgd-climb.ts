import * as tf from '@tensorflow/tfjs';
import { projectTensor } from '../../projections.ts';
import { gatherRows, perRow, signOf, unitRows } from '../../tensors.ts';
import type { AttackContext } from '../attack.ts';
import { pick } from './active-set.ts';
import { climbL1 } from './apgd-l1.ts';
import { type ApgdRun, type ApgdSet, apgdSet, finish, goBack, keepBetter, look, startDraw } from './apgd-state.ts';
import { stepRule } from './apgd-step-rule.ts';
import type { Findings } from './findings.ts';

type Ball = 'L2' | 'Linf';

/** Length of the first step, in radii of the ball. */
const FIRST_STEP = 2;
/** Weight of the new step; that of the one before it is the rest to 1. */
const NEW = 0.75;

/**
 * Runs Auto-PGD on some rows until each is a success or the steps are spent. The algorithm is described in `apgd.ts`,
 * and for L1 in `apgd-l1.ts`.
 * @param rows rows of the batch to attack
 * @param found takes successes, which it settles, and the point of largest loss of each other row
 */
export async function climb(context: AttackContext, run: ApgdRun, rows: Int32Array, found: Findings): Promise<void> {
  if (context.norm === 'L1') return climbL1(context, run, rows, found);
  const x = gatherRows(context.x, rows);
  const active = apgdSet(rows, x, startOnEdge(context, x, rows, startDraw(run)));
  const rule = stepRule(context.y.length, { ...run, length: FIRST_STEP * context.epsilon });
  try {
    for (let step = 0; step < run.steps; step++) {
      const seen = await look(context, run, active, found, step);
      if (seen === null) return;
      const { better, back } = rule.observe(active.rows, seen.losses);
      keepBetter(active, better, seen.gradient);
      const gradient = goBack(active, back, seen.gradient);
      const lengths = Float64Array.from(active.rows, (row) => rule.lengths[row] as number);
      move(context, active, gradient, lengths, step === 0 ? 1 : NEW);
      gradient.dispose();
      await context.pause();
    }
    await finish(context, run, active, found);
  } finally {
    active.dispose();
  }
}

/** One step: NEW of the way to where steepest ascent leads, and the rest of the step before it once more. */
function move(
  { norm, epsilon }: AttackContext,
  { state, update }: ApgdSet,
  gradient: tf.Tensor4D,
  lengths: Float64Array,
  weight: number,
): void {
  const ball = norm as Ball;
  const { x, xAdv, previous } = state;
  const next = tf.tidy(() => {
    const direction = ball === 'Linf' ? signOf(gradient) : unitRows(gradient);
    const ahead = projectTensor(x, tf.add(xAdv, tf.mul(direction, perRow(lengths))), ball, epsilon);
    if (weight === 1) return ahead;
    // weight · ahead + (1 − weight) · (xAdv + xAdv − previous) + …, gathered by tensor.
    const along = tf.add(tf.mul(ahead, weight), tf.mul(xAdv, 2 * (1 - weight)));
    return projectTensor(x, tf.sub(along, tf.mul(previous, 1 - weight)), ball, epsilon);
  });
  update({ xAdv: next, previous: xAdv.clone() });
}

/**
 * Random points of the ball, as far from x as it allows: uniform draws (L2: normal ones), each row scaled to length ε in
 * the norm, then clipped to the pixel range.
 */
function startOnEdge(
  { random, examples, norm, epsilon }: AttackContext,
  x: tf.Tensor4D,
  rows: Int32Array,
  draw: number,
) {
  const keys = pick(examples, rows);
  const size = x.size / rows.length;
  const ball = norm as Ball;
  const values =
    ball === 'Linf' ? random.uniform(keys, draw, size).map((u) => 2 * u - 1) : random.normal(keys, draw, size);
  for (let start = 0; start < values.length; start += size) {
    const row = values.subarray(start, start + size);
    let length = 0;
    for (const value of row) length = ball === 'Linf' ? Math.max(length, Math.abs(value)) : length + value * value;
    const scale = epsilon / ((ball === 'Linf' ? length : Math.sqrt(length)) || 1);
    for (let i = 0; i < size; i++) row[i] = (row[i] as number) * scale;
  }
  return tf.tidy(() => projectTensor(x, tf.add(x, tf.tensor4d(values, x.shape)), ball, epsilon));
}
