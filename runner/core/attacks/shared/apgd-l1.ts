import * as tf from '@tensorflow/tfjs';
import { projectTensorL1 } from '../../projections.ts';
import { gatherRows, perRow } from '../../tensors.ts';
import type { AttackContext } from '../attack.ts';
import { pick } from './active-set.ts';
import { sparsityRule } from './apgd-sparsity-rule.ts';
import {
  type ApgdRun,
  type ApgdSet,
  apgdSet,
  finish,
  goBack,
  keepBetter,
  look,
  peek,
  startDraw,
} from './apgd-state.ts';
import type { Findings } from './findings.ts';

/** Radii of the balls that a run goes through, in ε, and the share of the steps in each but the last. */
const WIDER = [3, 2, 1];
const SHARE = 0.3;

/**
 * Runs Auto-PGD in L1 on some rows until each is a success or the steps are spent: sparse steps without momentum, projected onto the
 * ball and the box together, first within wider balls whose best points the narrower ones set out from.
 *
 * Source: Croce & Hein, "Mind the Box: l1-APGD for Sparse Adversarial Attacks on Image Classifiers", ICML 2021,
 * https://arxiv.org/abs/2103.01208, §3, and the authors' published code for the constants and for the start.
 * Departs from them in two ways, each for a standstill that it prevents: a step passes over values that are at the end of the pixel range
 * already; and it moves so many values rounded down, not up, so that it is always sparser than the point it came from.
 * @param rows rows of the batch to attack
 * @param found takes successes, which it settles, and the point of largest loss of each other row
 */
export async function climbL1(context: AttackContext, run: ApgdRun, rows: Int32Array, found: Findings): Promise<void> {
  const stages = stagesOf(run, context.epsilon);
  const keys = pick(context.examples, rows);
  let start = tf.tidy(() => {
    const x = gatherRows(context.x, rows);
    const values = context.random.normal(keys, startDraw(run), x.size / rows.length);
    return tf.add(x, tf.tensor4d(values, x.shape)) as tf.Tensor4D;
  });
  let done = 0;
  for (const [number, { epsilon, steps }] of stages.entries()) {
    const x = gatherRows(context.x, rows);
    const projected = await projectTensorL1(x, start, epsilon);
    start.dispose();
    const active = apgdSet(rows, x, projected);
    try {
      const last = number === stages.length - 1;
      await climbWithin(context, { ...run, steps }, active, found, { epsilon, done, last, known: stages.length > 1 });
      done += steps;
      start = active.state.best.clone();
    } finally {
      active.dispose();
    }
  }
  start.dispose();
}

interface Stage {
  readonly epsilon: number;
  readonly steps: number;
}

function stagesOf({ steps, widerFirst }: ApgdRun, epsilon: number): Stage[] {
  const early = Math.ceil(SHARE * steps);
  const late = steps - 2 * early;
  if (!widerFirst || late < 1) return [{ epsilon, steps }];
  return WIDER.map((radius, i) => ({ epsilon: radius * epsilon, steps: i < 2 ? early : late }));
}

/** The steps within one ball; those of the last may succeed. */
async function climbWithin(
  context: AttackContext,
  run: ApgdRun,
  active: ApgdSet,
  found: Findings,
  { epsilon, done, last, known }: { epsilon: number; done: number; last: boolean; known: boolean },
): Promise<void> {
  const size = context.x.size / context.y.length;
  const rule = sparsityRule(context.y.length, { steps: run.steps, length: epsilon, size });
  // Where the start says how sparse it is, the first steps go by that.
  if (known) rule.begin(active.rows, await changedValues(active));
  for (let step = 0; step < run.steps; step++) {
    const seen = await look(context, run, active, found, done + step, last);
    if (seen === null) return;
    const { better, checkpoint } = rule.observe(active.rows, seen.losses);
    keepBetter(active, better, seen.gradient);
    const none = new Uint8Array(active.rows.length);
    const back = checkpoint ? rule.adapt(active.rows, await changedValues(active)) : none;
    const gradient = goBack(active, back, seen.gradient);
    const { x, xAdv } = active.state;
    const ahead = tf.tidy(() => {
      const direction = sparseDirection(gradient, xAdv, of(rule.shares, active.rows));
      return tf.add(xAdv, tf.mul(direction, perRow(of(rule.lengths, active.rows)))) as tf.Tensor4D;
    });
    active.update({ xAdv: await projectTensorL1(x, ahead, epsilon) });
    tf.dispose([gradient, ahead]);
    await context.pause();
  }
  if (last) return finish(context, run, active, found);
  const { better } = rule.observe(active.rows, await peek(context, run, active));
  keepBetter(active, better, active.state.bestGradient);
}

/**
 * The signs of each row's largest gradient values, over their number: a share of all, ties included, and at least one.
 * Values that are black or white and would leave the pixel range are passed over.
 */
function sparseDirection(gradient: tf.Tensor4D, xAdv: tf.Tensor4D, shares: Float64Array): tf.Tensor4D {
  const rows = gradient.shape[0];
  const size = gradient.size / rows;
  return tf.tidy(() => {
    const up = tf.greater(gradient, 0);
    // As floats: tf.where on booleans writes past their end on wasm.
    const room = tf.where(up, tf.cast(tf.less(xAdv, 1), 'float32'), tf.cast(tf.greater(xAdv, 0), 'float32'));
    const sizes = tf.mul(tf.abs(gradient), room);
    const counts = shares.map((share) => Math.max(1, Math.floor(share * size)));
    const most = Math.max(...counts);
    const { values } = tf.topk(tf.reshape(sizes, [rows, size]), most, true);
    const places = Int32Array.from(counts, (count, i) => i * most + count - 1);
    const least = tf.reshape(tf.gather(tf.reshape(values, [-1]), tf.tensor1d(places, 'int32')), [rows, 1, 1, 1]);
    const moving = tf.logicalAnd(tf.greaterEqual(sizes, least), tf.greater(sizes, 0));
    const chosen = tf.cast(moving, 'float32');
    const sign = tf.sub(tf.mul(tf.cast(up, 'float32'), 2), 1);
    return tf.div(tf.mul(sign, chosen), tf.maximum(tf.sum(chosen, [1, 2, 3], true), 1)) as tf.Tensor4D;
  });
}

/** How many values of each row's best point are not those of the clean image. */
async function changedValues({ state }: ApgdSet): Promise<Float32Array> {
  const counts = tf.tidy(() => tf.sum(tf.cast(tf.notEqual(state.best, state.x), 'float32'), [1, 2, 3]));
  const values = await counts.data<'float32'>();
  counts.dispose();
  return values;
}

function of(values: Float64Array, rows: Int32Array): Float64Array {
  return Float64Array.from(rows, (row) => values[row] as number);
}
