import * as tf from '@tensorflow/tfjs';
import { type AttackLoss, attackLoss } from '../../losses.ts';
import { projectTensor, projectTensorL1 } from '../../projections.ts';
import { gatherRows } from '../../tensors.ts';
import type { AttackContext } from '../attack.ts';
import { type ActiveSet, pick, unset } from './active-set.ts';
import type { AscentModel } from './ensemble.ts';
import type { Findings } from './findings.ts';
import { randomRows } from './random-rows.ts';
import type { StepNorm } from './step.ts';
import { meanGradient, meanLogits } from './useful-gradient.ts';

/** How a run climbs. */
export interface Ascent<Name extends string> {
  readonly steps: number;
  /** Length of a step in the norm, in pixel units. */
  readonly stepSize: number;
  readonly loss: AttackLoss;
  /** Passes of the model that each gradient, and the logits that go with it, are the mean of. */
  readonly samples: number;
  /** Whether an image leaves the batch at its first success; otherwise every image goes all the way. */
  readonly leaveAtSuccess: boolean;
  /** Number of the draw for a random direction at the first step; each step has its own. */
  readonly draw: number;
  /** What is climbed along in place of the gradient, such as its running sum. */
  readonly along?: (gradient: tf.Tensor4D, active: ActiveSet<Name | 'x' | 'xAdv'>) => tf.Tensor4D;
  /**
   * @param values the gradient, or what stands in for it
   * @param xAdv where the step sets out from
   * @returns the direction of the step, of length 1 in the norm; a new tensor
   */
  readonly direction: (values: tf.Tensor4D, xAdv: tf.Tensor4D) => tf.Tensor4D;
}

/** An attack's context, with the model whose loss is climbed in place of the attacked one, if it is another. */
type AscentContext = Omit<AttackContext, 'model'> & { readonly model: AscentModel };

/**
 * One run up the loss within the ball: xAdv ← Π(xAdv + stepSize · direction), from the active set's `xAdv` until its rows are
 * done or the steps are. What the run ends with is stored for each row: its first success, else its last image.
 *
 * Where a direction is zero or NaN throughout, the step goes in a random one, so that a masked gradient does not hold the attack in place.
 */
export async function ascend<Name extends string>(
  context: AscentContext,
  active: ActiveSet<Name | 'x' | 'xAdv'>,
  found: Findings,
  ascent: Ascent<Name>,
): Promise<void> {
  const { model, y, target } = context;
  const { loss, samples, leaveAtSuccess } = ascent;
  for (let step = 0; step < ascent.steps && active.rows.length > 0; step++) {
    const rows = active.rows;
    const perExample = attackLoss(loss, pick(y, rows), pick(target, rows));
    const { logits, gradient } = meanGradient(model, active.state.xAdv, perExample, samples);
    const left = leaveAtSuccess ? await settleSuccesses(context, active, logits, found) : null;
    if (active.rows.length > 0) {
      const ahead = tf.tidy(() => {
        const remaining = left === null ? gradient : gatherRows(gradient, left);
        return ascent.direction(ascent.along?.(remaining, active) ?? remaining, active.state.xAdv);
      });
      const direction = await withoutStandstill(context, active, ascent, ahead, ascent.draw + step);
      active.update({ xAdv: await moved(context, active, direction, ascent.stepSize) } as Moved<Name>);
      direction.dispose();
    }
    tf.dispose([logits, gradient]);
    await context.pause();
  }
  if (active.rows.length === 0) return;
  if (leaveAtSuccess) {
    const logits = meanLogits(model, active.state.xAdv, samples);
    await settleSuccesses(context, active, logits, found);
    logits.dispose();
  }
  const last = await active.state.xAdv.data<'float32'>();
  const size = last.length / active.rows.length;
  for (const [i, row] of active.rows.entries()) found.store(row, last.subarray(i * size, (i + 1) * size));
}

type Moved<Name extends string> = Partial<Record<Name | 'x' | 'xAdv', tf.Tensor4D>>;

/**
 * Stores the images whose logits mean success and takes them out of the active set.
 * @returns positions of the rows that stay, or null when all do
 */
async function settleSuccesses<Name extends string>(
  context: AscentContext,
  active: ActiveSet<Name | 'x' | 'xAdv'>,
  logits: tf.Tensor2D,
  found: Findings,
): Promise<Int32Array | null> {
  const done = context.adversarial(await logits.data<'float32'>(), active.rows);
  if (!done.includes(1)) return null;
  found.settle(await active.state.xAdv.data<'float32'>(), active.rows, done);
  const left = unset(done);
  active.keep(left);
  return left;
}

/** Puts a random direction in place of each row of `direction` that is zero throughout; disposes of the old one. */
async function withoutStandstill<Name extends string>(
  context: AscentContext,
  { rows, state }: ActiveSet<Name | 'x' | 'xAdv'>,
  ascent: Ascent<Name>,
  direction: tf.Tensor4D,
  draw: number,
): Promise<tf.Tensor4D> {
  const largest = tf.tidy(() => tf.max(tf.abs(direction), [1, 2, 3]));
  const still = Uint8Array.from(await largest.data(), (value) => (value > 0 ? 0 : 1));
  largest.dispose();
  if (!still.includes(1)) return direction;
  const values = randomRows(context, rows, still, draw, direction.size / rows.length);
  const moving = tf.tidy(() => tf.add(direction, ascent.direction(tf.tensor4d(values, direction.shape), state.xAdv)));
  direction.dispose();
  return moving as tf.Tensor4D;
}

async function moved(
  { norm, epsilon }: AscentContext,
  { state: { x, xAdv } }: ActiveSet<'x' | 'xAdv'>,
  direction: tf.Tensor4D,
  stepSize: number,
): Promise<tf.Tensor4D> {
  const ball = norm as StepNorm;
  const ahead = () => tf.add(xAdv, tf.mul(direction, stepSize)) as tf.Tensor4D;
  if (ball !== 'L1') return tf.tidy(() => projectTensor(x, ahead(), ball, epsilon));
  const beyond = tf.tidy(ahead);
  const projected = await projectTensorL1(x, beyond, epsilon);
  beyond.dispose();
  return projected;
}
