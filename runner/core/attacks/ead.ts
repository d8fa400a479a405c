import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { attackLoss } from '../losses.ts';
import { finiteOrZero, perRow } from '../tensors.ts';
import type { Attack, AttackContext } from './attack.ts';
import { type ActiveSet, activeSet, pick } from './shared/active-set.ts';
import { constantSearch } from './shared/constant-search.ts';
import { findings } from './shared/findings.ts';
import { type Nearest, nearestSuccesses } from './shared/nearest.ts';
import { progress } from './shared/progress.ts';
import { standing } from './shared/successes.ts';

const optionsSchema = z.strictObject({
  binarySearchSteps: z.int().min(1).max(100).default(9).describe('Values of the constant c tried for each image.'),
  initialConstant: z
    .number()
    .positive()
    .default(1e-3)
    .describe('First c: the weight of the margin against the distance.'),
  maxIterations: z.int().min(1).max(1_000_000).default(1000).describe('Steps for each c; one gradient each.'),
  learningRate: z.number().positive().default(0.01).describe('First step size; it falls to 0 like a square root.'),
  beta: z
    .number()
    .positive()
    .default(1e-3)
    .describe('Weight of the L1 distance against the squared L2 distance, and what each step takes off a change.'),
  rule: z
    .enum(['L1', 'EN'])
    .default('L1')
    .describe('What the image given back is nearest in: L1, or the elastic net β · L1 + L2².'),
  confidence: z.number().min(0).default(0).describe('Margin of logits (κ) by which an image must be misclassified.'),
  abortEarly: z
    .boolean()
    .default(true)
    .describe('Give up a c for an image whose loss has not fallen by 0.01 % in a tenth of the iterations.'),
});

type Options = z.infer<typeof optionsSchema>;
type State = 'x' | 'sparse' | 'ahead' | 'best';

/** From this number of binary search steps on, the last one is spent on the smallest constant known to work. */
const REPEAT_FROM = 10;

/**
 * Elastic-net attack (EAD), L1, with or without a target: minimises c · max(0, m + κ) + |xAdv − x|₂² + β · |xAdv − x|₁, where m is
 * the margin of logits of the true class over the others (with a target: of the others over the target).
 *
 * By FISTA: from a point ahead a gradient step on the smooth part; then every change shrinks by β, those below it to 0, within the
 * pixel range, which gives the sparse point; the next point ahead lies beyond it by k / (k + 3) of the way from the last one. A binary
 * search per image finds the smallest c that works, as in C&W L2. The nearest success of all steps is returned.
 *
 * Source: Chen et al., "EAD: Elastic-Net Attacks to Deep Neural Networks via Adversarial Examples", AAAI 2018,
 * https://arxiv.org/abs/1709.04114, algorithm 1, and its authors' published code; defaults: the paper's, whose code allows 10,000 steps.
 * Departs from it in four ways: the point ahead is kept in the pixel range and is itself the image that is judged, so that a step takes
 * one forward pass and not two; giving up is decided per image, not per batch; L1 is the rule unless told otherwise; and a success
 * clears the boundary by 1e-5 of the largest logit.
 */
export const ead: Attack<typeof optionsSchema> = {
  id: 'ead',
  name: 'EAD',
  norms: ['L1'],
  kind: 'minimum-norm',
  access: 'gradient',
  targeted: 'optional',
  paper: 'https://arxiv.org/abs/1709.04114',
  optionsSchema,

  async perturb(context, options) {
    const { x } = context;
    const rows = Int32Array.from({ length: x.shape[0] }, (_, row) => row);
    const found = await findings(x);
    const nearest = nearestSuccesses(found, rows.length);
    const search = constantSearch(rows.length, options.initialConstant);
    const steps = options.binarySearchSteps;
    for (let step = 0; step < steps; step++) {
      if (step === steps - 1 && steps >= REPEAT_FROM) search.takeUpperBounds();
      const active = activeSet<State>(rows, { x: x.clone(), sparse: x.clone(), ahead: x.clone(), best: x.clone() });
      try {
        search.update(await descend(context, options, active, search.constants, nearest));
      } finally {
        active.dispose();
      }
    }
    return found.toTensor();
  },
};

/**
 * Minimises with the constants as they are, from x.
 * @param nearest by the rule's distance
 * @returns 1 for each row of the batch that was a success on the way
 */
async function descend(
  context: AttackContext,
  options: Options,
  active: ActiveSet<State>,
  constants: Float64Array,
  nearest: Nearest,
): Promise<Uint8Array> {
  const { maxIterations, learningRate, beta, rule } = options;
  const succeeded = new Uint8Array(constants.length);
  const watch = progress(constants.length, maxIterations);
  for (let iteration = 0; iteration < maxIterations && active.rows.length > 0; iteration++) {
    const rows = active.rows;
    const { gradient, excess, successes, l1, squares } = await evaluate(context, options, active);
    const elastic = squares.map((square, i) => square + beta * (l1[i] as number));
    nearest.offer(active, active.state.ahead, rule === 'L1' ? l1 : elastic, successes);
    const pull = new Float32Array(rows.length);
    const losses = new Float64Array(rows.length);
    for (const [i, row] of rows.entries()) {
      const short = excess[i] as number;
      const constant = constants[row] as number;
      if (successes[i] === 1) succeeded[row] = 1;
      if (short > 0) pull[i] = constant;
      losses[i] = (elastic[i] as number) + constant * Math.max(0, short);
    }
    const rate = learningRate * Math.sqrt(1 - iteration / maxIterations);
    active.update(stepped(active.state, gradient, pull, rate, beta, iteration / (iteration + 3)));
    gradient.dispose();
    const leaving = options.abortEarly ? watch.stuck(iteration, rows, losses) : new Uint8Array(rows.length);
    if (iteration === maxIterations - 1) leaving.fill(1);
    if (leaving.includes(1)) await nearest.retire(active, leaving);
    await context.pause();
  }
  return succeeded;
}

/** What the loss is made of at the points ahead, row by row; the caller disposes of the gradient. */
async function evaluate(context: AttackContext, { confidence }: Options, { rows, state }: ActiveSet<State>) {
  const { model, y, target } = context;
  const { logits, gradient } = model.gradient(state.ahead, attackLoss('margin', pick(y, rows), pick(target, rows)));
  const sums = tf.tidy(() => {
    const change = tf.sub(state.ahead, state.x);
    return { l1: tf.sum(tf.abs(change), [1, 2, 3]), squares: tf.sum(tf.square(change), [1, 2, 3]) };
  });
  const [scores, l1, squares] = await Promise.all([
    logits.data<'float32'>(),
    sums.l1.data<'float32'>(),
    sums.squares.data<'float32'>(),
  ]);
  tf.dispose([logits, sums]);
  const { excess, succeeded } = standing(context, scores, rows, confidence);
  return { gradient, excess, successes: succeeded, l1, squares };
}

/** The next sparse point and the point ahead of it. */
function stepped(
  { x, sparse, ahead }: Readonly<Record<State, tf.Tensor4D>>,
  gradient: tf.Tensor4D,
  pull: Float32Array,
  rate: number,
  beta: number,
  momentum: number,
) {
  return tf.tidy(() => {
    const change = tf.sub(ahead, x);
    const down = tf.sub(tf.mul(change, 2), tf.mul(finiteOrZero(gradient), perRow(pull)));
    const smooth = tf.sub(change, tf.mul(down, rate));
    // Shrunk by β towards 0, from either side.
    const shrunk = tf.sub(tf.relu(tf.sub(smooth, beta)), tf.relu(tf.sub(tf.neg(smooth), beta)));
    const next = tf.clipByValue(tf.add(x, shrunk), 0, 1) as tf.Tensor4D;
    const further = tf.add(next, tf.mul(tf.sub(next, sparse), momentum));
    return { sparse: next, ahead: tf.clipByValue(further, 0, 1) as tf.Tensor4D };
  });
}
