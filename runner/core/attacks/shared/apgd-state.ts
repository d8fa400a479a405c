/** What every step of Auto-PGD does, whatever the norm: look, remember the best point, go back to it. */
import * as tf from '@tensorflow/tfjs';
import { type AttackLoss, attackLoss } from '../../losses.ts';
import { gatherRows, perRow } from '../../tensors.ts';
import type { AttackContext } from '../attack.ts';
import { type ActiveSet, activeSet, pick, unset } from './active-set.ts';
import type { Findings } from './findings.ts';
import { lossValues } from './loss-values.ts';
import { meanGradient, meanLogits, rowSizes, usefulGradient } from './useful-gradient.ts';

/** One run of Auto-PGD from one random start. */
export interface ApgdRun {
  readonly steps: number;
  readonly rho: number;
  readonly eotSamples: number;
  readonly loss: AttackLoss;
  /** Class that the loss leads each row of the batch to, or null; what a success is remains the judge's matter. */
  readonly target: Int32Array | null;
  /** In L1, whether to begin in wider balls. */
  readonly widerFirst: boolean;
  /** Number of the run, which its draws go by. */
  readonly number: number;
}

/** Clean images, present points, those before the last step, and those of largest loss with their gradients. */
export type ApgdSet = ActiveSet<'x' | 'xAdv' | 'previous' | 'best' | 'bestGradient'>;

/** Draws of one run: its start, and a direction per step where the gradient has none. */
const DRAWS_PER_RUN = 2 ** 17;
const DIRECTION = 1;

/** Number of the draw that a run starts from. */
export function startDraw(run: ApgdRun): number {
  return run.number * DRAWS_PER_RUN;
}

/** @param x clean images and @param start where to begin, one row each; the set owns them from now on */
export function apgdSet(rows: Int32Array, x: tf.Tensor4D, start: tf.Tensor4D): ApgdSet {
  const copies = { previous: start.clone(), best: start.clone(), bestGradient: start.clone() };
  return activeSet(rows, { x, xAdv: start, ...copies });
}

/**
 * One forward and one backward pass at the present points. Rows that are a success are settled and leave the set.
 * @param stop false where success does not count yet, because the ball is still a wider one
 * @returns losses and gradient of the rows that stay, which the caller disposes of; null if none does
 */
export async function look(
  context: AttackContext,
  run: ApgdRun,
  active: ApgdSet,
  found: Findings,
  step: number,
  stop = true,
): Promise<{ losses: Float64Array; gradient: tf.Tensor4D } | null> {
  const { model, y } = context;
  const loss = attackLoss(run.loss, pick(y, active.rows), pick(run.target, active.rows));
  const { logits, gradient } = meanGradient(model, active.state.xAdv, loss, run.eotSamples);
  const sizes = rowSizes(gradient);
  const read = await Promise.all([logits.data<'float32'>(), sizes.data<'float32'>()]);
  tf.dispose([logits, sizes]);
  const left = stop ? await settle(context, active, read[0], found) : null;
  if (active.rows.length === 0) {
    gradient.dispose();
    return null;
  }
  const [scores, magnitudes] = left === null ? read : [taken(read[0], left, model.classes), taken(read[1], left, 1)];
  const kept = left === null ? gradient : gatherRows(gradient, left);
  if (kept !== gradient) gradient.dispose();
  const draw = startDraw(run) + DIRECTION + step;
  return {
    losses: lossValues(run.loss, scores, model.classes, pick(y, active.rows), pick(run.target, active.rows)),
    gradient: await usefulGradient(context, kept, magnitudes, active.rows, draw),
  };
}

/** A forward pass alone at the present points. @returns their losses */
export async function peek({ model, y }: AttackContext, run: ApgdRun, { rows, state }: ApgdSet): Promise<Float64Array> {
  const logits = meanLogits(model, state.xAdv, run.eotSamples);
  const scores = await logits.data<'float32'>();
  logits.dispose();
  return lossValues(run.loss, scores, model.classes, pick(y, rows), pick(run.target, rows));
}

/** A last forward pass, after which successes are settled and of the other rows the point of largest loss is stored. */
export async function finish(context: AttackContext, run: ApgdRun, active: ApgdSet, found: Findings): Promise<void> {
  const logits = meanLogits(context.model, active.state.xAdv, run.eotSamples);
  const scores = await logits.data<'float32'>();
  logits.dispose();
  await settle(context, active, scores, found);
  if (active.rows.length === 0) return;
  const best = await active.state.best.data<'float32'>();
  const size = best.length / active.rows.length;
  for (const [i, row] of active.rows.entries()) found.store(row, best.subarray(i * size, (i + 1) * size));
}

/** @returns positions of the rows that stay, or null when all do */
async function settle(
  { adversarial }: AttackContext,
  active: ApgdSet,
  logits: Float32Array,
  found: Findings,
): Promise<Int32Array | null> {
  const done = adversarial(logits, active.rows);
  if (!done.includes(1)) return null;
  found.settle(await active.state.xAdv.data<'float32'>(), active.rows, done);
  const left = unset(done);
  active.keep(left);
  return left;
}

/** Remembers the present points, with their gradients, where they are better. */
export function keepBetter({ state, update }: ApgdSet, better: Uint8Array, gradient: tf.Tensor4D): void {
  const [best, bestGradient] = chosen(better, [state.xAdv, gradient], [state.best, state.bestGradient]);
  update({ best, bestGradient });
}

/**
 * Puts the best points in place of the present ones where a flag is set.
 * @param gradient at the present points; disposed of
 * @returns the gradient at the points that there are now
 */
export function goBack({ state, update }: ApgdSet, back: Uint8Array, gradient: tf.Tensor4D): tf.Tensor4D {
  const [xAdv, next] = chosen(back, [state.best, state.bestGradient], [state.xAdv, gradient]);
  update({ xAdv });
  gradient.dispose();
  return next as tf.Tensor4D;
}

/** Rows of `those` where the flag is set, of `others` elsewhere: for each pair a tensor that the caller disposes of. */
function chosen<T extends readonly tf.Tensor4D[]>(flags: Uint8Array, those: T, others: T): tf.Tensor4D[] {
  if (!flags.includes(1)) return others.map((tensor) => tensor.clone());
  if (!flags.includes(0)) return those.map((tensor) => tensor.clone());
  return tf.tidy(() => {
    // Spread over the image once, not once per pair.
    const mask = tf.broadcastTo(tf.greater(perRow(flags), 0), (those[0] as tf.Tensor4D).shape);
    return those.map((tensor, i) => tf.where(mask, tensor, others[i] as tf.Tensor4D));
  });
}

/** Rows of an array by their position. */
function taken(values: Float32Array, positions: Int32Array, size: number): Float32Array {
  const result = new Float32Array(positions.length * size);
  for (const [i, position] of positions.entries()) {
    result.set(values.subarray(position * size, (position + 1) * size), i * size);
  }
  return result;
}
