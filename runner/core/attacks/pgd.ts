import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { attackLoss } from '../losses.ts';
import { projectTensor } from '../projections.ts';
import { gatherRows, perRow, unitRows } from '../tensors.ts';
import type { Attack, AttackContext } from './attack.ts';
import { type ActiveSet, activeSet, pick, unset } from './shared/active-set.ts';
import { type Findings, findings } from './shared/findings.ts';
import { steepest, steepestNorms } from './shared/step.ts';

const optionsSchema = z.strictObject({
  steps: z
    .int()
    .min(1)
    .max(10_000)
    .default(40)
    .describe('Gradient steps; each costs one forward and one backward pass per image.'),
  relativeStepSize: z
    .number()
    .positive()
    .default(0.01 / 0.3)
    .describe('Step length as a fraction of ε (no unit).'),
  randomStart: z.boolean().default(true).describe('Start at a uniform random point of the ε-ball instead of at x.'),
  restarts: z.int().min(1).max(1000).default(1).describe('Runs from new random points for images that still stand.'),
  loss: z
    .enum(['ce', 'margin'])
    .default('ce')
    .describe('Loss to increase: cross-entropy, or the margin of logits, which does not saturate.'),
});

type Options = z.infer<typeof optionsSchema>;
type Ball = (typeof steepestNorms)[number];

/** Draws of one restart: its start, its radius, and a direction per step where the gradient has none. */
const DRAWS_PER_RESTART = 2 ** 16;
const START = 0;
const RADIUS = 1;
const DIRECTION = 2;

/**
 * Projected gradient descent (PGD), L∞ or L2, with or without a target.
 *
 * Repeats xAdv ← Π(xAdv + stepSize · d), where d is the steepest ascent of the loss (in L∞ the sign of its gradient) and Π
 * projects onto the ε-ball around x and the pixel range [0, 1]. An image leaves the batch at its first success.
 *
 * Source: Madry et al., "Towards Deep Learning Models Resistant to Adversarial Attacks", ICLR 2018,
 * https://arxiv.org/abs/1706.06083, §2.1; defaults: its MNIST attack (40 steps of 0.01 at ε = 0.3).
 * Departs from it in two ways: the step is relative to ε, so one default serves every ε; and where a gradient is zero or NaN
 * throughout the step goes in a random direction, so that a masked gradient does not hold the attack in place.
 */
export const pgd: Attack<typeof optionsSchema> = {
  id: 'pgd',
  name: 'PGD',
  norms: steepestNorms,
  kind: 'fixed-epsilon',
  access: 'gradient',
  targeted: 'optional',
  paper: 'https://arxiv.org/abs/1706.06083',
  optionsSchema,

  async perturb(context, options) {
    const found = await findings(context.x);
    const runs = options.randomStart ? options.restarts : 1;
    for (let restart = 0; restart < runs; restart++) {
      const rows = found.open();
      if (rows.length === 0) break;
      const clean = gatherRows(context.x, rows);
      const start = options.randomStart ? randomStart(context, clean, rows, restart) : clean.clone();
      const active = activeSet(rows, { x: clean, xAdv: start });
      try {
        await climb(context, options, active, found, restart);
      } finally {
        active.dispose();
      }
    }
    return found.toTensor();
  },
};

/** One run of the attack, from the active set's `xAdv` until its rows are done or the steps are. */
async function climb(
  context: AttackContext,
  { steps, relativeStepSize, loss }: Options,
  active: ActiveSet<'x' | 'xAdv'>,
  found: Findings,
  restart: number,
) {
  const { model, y, target, epsilon } = context;
  const norm = context.norm as Ball;
  for (let step = 0; step < steps && active.rows.length > 0; step++) {
    const rows = active.rows;
    const { logits, gradient } = model.gradient(active.state.xAdv, attackLoss(loss, pick(y, rows), pick(target, rows)));
    const left = await settleSuccesses(context, active, logits, found);
    if (active.rows.length > 0) {
      const ahead = tf.tidy(() => steepest(left === null ? gradient : gatherRows(gradient, left), norm));
      const direction = await withoutStandstill(
        context,
        ahead,
        active.rows,
        restart * DRAWS_PER_RESTART + DIRECTION + step,
      );
      const { x, xAdv } = active.state;
      const moved = tf.tidy(() =>
        projectTensor(x, tf.add(xAdv, tf.mul(direction, relativeStepSize * epsilon)), norm, epsilon),
      );
      active.update({ xAdv: moved });
      direction.dispose();
    }
    gradient.dispose();
    await context.pause();
  }
  if (active.rows.length === 0) return;
  await settleSuccesses(context, active, model.logits(active.state.xAdv), found);
  const last = await active.state.xAdv.data<'float32'>();
  const size = last.length / active.rows.length;
  for (const [i, row] of active.rows.entries()) found.store(row, last.subarray(i * size, (i + 1) * size));
}

/**
 * Stores the images whose logits mean success and takes them out of the active set; disposes of the logits.
 * @returns positions of the rows that stay, or null when all do
 */
async function settleSuccesses(
  context: AttackContext,
  active: ActiveSet<'x' | 'xAdv'>,
  logits: tf.Tensor2D,
  found: Findings,
): Promise<Int32Array | null> {
  const done = context.adversarial(await logits.data<'float32'>(), active.rows);
  logits.dispose();
  if (!done.includes(1)) return null;
  found.settle(await active.state.xAdv.data<'float32'>(), active.rows, done);
  const left = unset(done);
  active.keep(left);
  return left;
}

/** Puts a random direction in place of each row of `direction` that is zero throughout; disposes of the old one. */
async function withoutStandstill(
  { examples, random, norm }: AttackContext,
  direction: tf.Tensor4D,
  rows: Int32Array,
  draw: number,
): Promise<tf.Tensor4D> {
  const largest = tf.tidy(() => tf.max(tf.abs(direction), [1, 2, 3]));
  const still = Uint8Array.from(await largest.data(), (value) => (value > 0 ? 0 : 1));
  largest.dispose();
  if (!still.includes(1)) return direction;
  const size = direction.size / rows.length;
  const values = new Float32Array(direction.size);
  for (const [i, row] of rows.entries()) {
    if (still[i] === 1) values.set(random.normal([examples[row] as number], draw, size), i * size);
  }
  const moving = tf.tidy(() => tf.add(direction, steepest(tf.tensor4d(values, direction.shape), norm as Ball)));
  direction.dispose();
  return moving as tf.Tensor4D;
}

/** Uniform random points of the ε-ball around x, clipped to the pixel range. */
function randomStart(
  { random, examples, norm, epsilon }: AttackContext,
  x: tf.Tensor4D,
  rows: Int32Array,
  restart: number,
): tf.Tensor4D {
  const keys = pick(examples, rows);
  const size = x.size / rows.length;
  const draw = restart * DRAWS_PER_RESTART;
  return tf.tidy(() => {
    if (norm === 'Linf') {
      const uniform = tf.tensor4d(random.uniform(keys, draw + START, size), x.shape);
      return projectTensor(x, tf.add(x, tf.mul(tf.sub(tf.mul(uniform, 2), 1), epsilon)), norm, epsilon);
    }
    // A normal vector points anywhere alike; a ball of radius r holds r^size of the unit ball's volume.
    const direction = unitRows(tf.tensor4d(random.normal(keys, draw + START, size), x.shape));
    const radius = perRow(random.uniform(keys, draw + RADIUS, 1).map((u) => epsilon * u ** (1 / size)));
    return projectTensor(x, tf.add(x, tf.mul(direction, radius)), 'L2', epsilon);
  });
}
