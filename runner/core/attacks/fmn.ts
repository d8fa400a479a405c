import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { attackLoss } from '../losses.ts';
import { type Norm, norms } from '../projections.ts';
import { finiteOrZero, perRow, unitRows } from '../tensors.ts';
import type { Attack, AttackContext } from './attack.ts';
import { type ActiveSet, activeSet, pick } from './shared/active-set.ts';
import { findings } from './shared/findings.ts';
import { lookAt, type Nearest, nearestSuccesses } from './shared/nearest.ts';
import { dualNorms, lengths } from './shared/row-norms.ts';
import { keepHighest, projectRows } from './shared/row-projections.ts';
import { standing } from './shared/successes.ts';
import { usefulGradient } from './shared/useful-gradient.ts';

const optionsSchema = z.strictObject({
  steps: z
    .int()
    .min(1)
    .max(100_000)
    .default(100)
    .describe('Gradient steps; each costs one forward and one backward pass per image.'),
  stepSize: z.number().positive().default(1).describe('Euclidean length of the first step, in pixel units.'),
  finalStepSize: z
    .number()
    .positive()
    .default(0.01)
    .describe('Length of the last step; between the two along half a cosine.'),
  gamma: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.05)
    .describe('Share by which the radius shrinks after a success, or grows after a failure, at first.'),
  finalGamma: z.number().gt(0).lt(1).default(0.001).describe('That share at the end.'),
});

type Options = z.infer<typeof optionsSchema>;
type State = 'x' | 'xAdv' | 'best';

/** In L0: what a value's share of the unit gradient counts beside its change, where it comes to which ones are kept. */
const PULL = 2;

/**
 * Fast minimum-norm attack (FMN), L0, L1, L2 or L∞, with or without a target.
 *
 * Each step goes along the gradient of the margin, scaled to a Euclidean length that falls from 1 to 0.01 along half a cosine,
 * then back onto a ball around x and the pixel range. The ball's radius belongs to the image: before the first success it is the
 * distance at which the margin would vanish were the net linear; then it shrinks by the share γ where the present image is
 * a success, to no more than the nearest success, and grows by γ where it is not, with γ falling from 0.05 to 0.001. In L0
 * it begins at one value and moves by at least one. The nearest success of all steps is returned.
 *
 * Source: Pintor et al., "Fast Minimum-norm Adversarial Attacks through Adaptive Norm Constraints", NeurIPS 2021,
 * https://arxiv.org/abs/2102.12827, algorithm 1; defaults and order of updates: its authors' published code, with 100 steps as in
 * Foolbox. Departs from it in seven ways: what of a gradient would leave the pixel range counts for nothing, without which one MNIST
 * image in ten stays where it is (L1, L2); the margin that enters the first radius is the image's own, where that code takes the sum
 * over the batch; the last iterate is looked at too; a radius in L0 does not fall to 0, and an image that gives way to one value is
 * done; values are kept in L0 by their change and the gradient there, as those that once are black or white would never give way to
 * others, and images come out a tenth farther; where a gradient is zero or NaN throughout the step goes in a random direction; and a success clears the boundary by
 * 1e-5 of the largest logit.
 */
export const fmn: Attack<typeof optionsSchema> = {
  id: 'fmn',
  name: 'FMN',
  norms,
  kind: 'minimum-norm',
  access: 'gradient',
  targeted: 'optional',
  paper: 'https://arxiv.org/abs/2102.12827',
  optionsSchema,

  async perturb(context, options) {
    const { x } = context;
    const found = await findings(x);
    const rows = Int32Array.from({ length: x.shape[0] }, (_, row) => row);
    const active = activeSet<State>(rows, { x: x.clone(), xAdv: x.clone(), best: x.clone() });
    try {
      await search(context, options, active, nearestSuccesses(found, rows.length));
    } finally {
      active.dispose();
    }
    return found.toTensor();
  },
};

async function search(context: AttackContext, options: Options, active: ActiveSet<State>, nearest: Nearest) {
  const { norm } = context;
  const widest = await widestChanges(context.x, norm);
  const radii = new Float64Array(widest.length).fill(norm === 'L0' ? 1 : Number.POSITIVE_INFINITY);
  for (let step = 0; step < options.steps && active.rows.length > 0; step++) {
    const cosine = (1 + Math.cos((Math.PI * step) / options.steps)) / 2;
    const stepSize = options.finalStepSize + (options.stepSize - options.finalStepSize) * cosine;
    const gamma = options.finalGamma + (options.gamma - options.finalGamma) * cosine;
    const { gradient, pull, excess, succeeded, distances, slopes } = await evaluate(context, active);
    nearest.offer(active, active.state.xAdv, distances, succeeded);
    for (const [i, row] of active.rows.entries()) {
      const best = nearest.distances[row] as number;
      const now = radii[row] as number;
      const next =
        best === Number.POSITIVE_INFINITY && norm !== 'L0'
          ? (distances[i] as number) + (excess[i] as number) / (slopes[i] as number)
          : nextRadius(now, gamma, succeeded[i] === 1, best, norm);
      // A slope of 0 leaves the first radius infinite or NaN.
      radii[row] = next < (widest[row] as number) ? next : (widest[row] as number);
    }
    const direction = await usefulGradient(context, gradient, slopes, active.rows, step);
    const balls = Float64Array.from(active.rows, (row) => radii[row] as number);
    active.update({ xAdv: moved(active.state, direction, pull, stepSize, norm, balls) });
    tf.dispose([direction, pull]);
    // Nothing is nearer than a success by a single value.
    if (norm === 'L0') await nearest.retire(active, nearer(active.rows, nearest, 1));
    await context.pause();
  }
  if (active.rows.length === 0) return;
  await lookAt(context, active, active.state.xAdv, norm, nearest);
  await nearest.retire(active, new Uint8Array(active.rows.length).fill(1));
}

/** The radius after a success, or after a failure of an image that had one before. */
function nextRadius(now: number, gamma: number, succeeded: boolean, best: number, norm: Norm): number {
  if (norm !== 'L0') return succeeded ? Math.min(now * (1 - gamma), best) : now * (1 + gamma);
  if (!succeeded) return Math.max(now + 1, Math.floor(now * (1 + gamma)));
  return Math.max(1, Math.min(now - 1, Math.floor(now * (1 - gamma)), best));
}

/** 1 for each row with a success at no more than a distance. */
function nearer(rows: Int32Array, { distances }: Nearest, limit: number): Uint8Array {
  return Uint8Array.from(rows, (row) => ((distances[row] as number) <= limit ? 1 : 0));
}

/** Distance of each row from x to the corner of the pixel range that is farthest from it. */
async function widestChanges(x: tf.Tensor4D, norm: Norm): Promise<ArrayLike<number>> {
  const widest = tf.tidy(() => lengths(tf.maximum(x, tf.sub(1, x)), norm));
  const values = await widest.data<'float32'>();
  widest.dispose();
  return values;
}

/** Where the present images stand, row by row, the gradient of the margin, and how it pulls; the caller disposes of both. */
async function evaluate(context: AttackContext, { rows, state }: ActiveSet<State>) {
  const { model, y, target, norm } = context;
  const pass = model.gradient(state.xAdv, attackLoss('margin', pick(y, rows), pick(target, rows)));
  const numbers = tf.tidy(() => {
    const whole = finiteOrZero(pass.gradient);
    const gradient = withinBox(state.xAdv, whole);
    const slopes = dualNorms(gradient, norm === 'L0' ? 'L1' : norm);
    const pull = tf.mul(tf.abs(unitRows(whole)), PULL) as tf.Tensor4D;
    return { gradient, pull, slopes, distances: lengths(tf.sub(state.xAdv, state.x), norm) };
  });
  const [scores, slopes, distances] = await Promise.all([
    pass.logits.data<'float32'>(),
    numbers.slopes.data<'float32'>(),
    numbers.distances.data<'float32'>(),
  ]);
  tf.dispose([pass.logits, pass.gradient, numbers.slopes, numbers.distances]);
  const { gradient, pull } = numbers;
  return { gradient, pull, slopes, distances, ...standing(context, scores, rows) };
}

/** A direction without what would leave the pixel range. */
function withinBox(images: tf.Tensor4D, direction: tf.Tensor4D): tf.Tensor4D {
  const down = tf.logicalAnd(tf.lessEqual(images, 0), tf.less(direction, 0));
  const up = tf.logicalAnd(tf.greaterEqual(images, 1), tf.greater(direction, 0));
  return tf.where(tf.logicalOr(down, up), tf.zerosLike(direction), direction);
}

/** xAdv after a step along `direction`, within the balls and the pixel range. */
function moved(
  { x, xAdv }: Readonly<Record<State, tf.Tensor4D>>,
  direction: tf.Tensor4D,
  pull: tf.Tensor4D,
  stepSize: number,
  norm: Norm,
  radii: Float64Array,
): tf.Tensor4D {
  return tf.tidy(() => {
    const change = tf.sub(tf.add(xAdv, tf.mul(unitRows(direction), stepSize)), x) as tf.Tensor4D;
    const kept =
      norm === 'L0'
        ? keepHighest(change, tf.add(tf.abs(change), pull), perRow(radii))
        : projectRows(change, norm, perRow(radii));
    return tf.clipByValue(tf.add(x, kept), 0, 1) as tf.Tensor4D;
  });
}
