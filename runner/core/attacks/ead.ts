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
import { restOrPull } from './shared/rest-or-pull.ts';
import { shrinkSearch } from './shared/shrink-search.ts';
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
    .describe(
      'Give up a c for an image of which twice in a row neither loss nor distance has fallen by 0.01 % in a tenth of the iterations.',
    ),
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
 * pixel range, which gives the sparse point; the next point ahead lies beyond it by k / (k + 3) of the way from the
 * last one. A binary search per image finds the smallest c that works, as in C&W L2. The nearest success of all steps, with
 * every change made smaller by as much as it bears, is returned.
 *
 * Source: Chen et al., "EAD: Elastic-Net Attacks to Deep Neural Networks via Adversarial Examples", AAAI 2018,
 * https://arxiv.org/abs/1709.04114, algorithm 1, and its authors' published code; defaults: the paper's, whose code allows 10,000 steps.
 * Departs from it in five ways: the last shrinking; giving up is decided per image, not per batch; L1 is the rule unless told otherwise;
 * a success clears the boundary by 1e-5 of the largest logit; and while the point ahead is a success, |xAdv − x|₂² pulls it back for
 * one c and lets it rest for the next, after which the image goes by what brought it nearer. (Rest is what ART's EAD has. With 50 steps it
 * leads a fifth nearer on an undefended MNIST net, and on an adversarially trained one two thirds farther out.)
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
    const choice = restOrPull(rows.length);
    const steps = options.binarySearchSteps;
    for (let step = 0; step < steps; step++) {
      if (step === steps - 1 && steps >= REPEAT_FROM) search.takeUpperBounds();
      const active = activeSet<State>(rows, { x: x.clone(), sparse: x.clone(), ahead: x.clone(), best: x.clone() });
      try {
        const reached = await descend(context, options, active, search.constants, choice.pulled, nearest);
        choice.learn(reached);
        search.update(Uint8Array.from(reached, (distance) => (distance < Number.POSITIVE_INFINITY ? 1 : 0)));
      } finally {
        active.dispose();
      }
    }
    const successes = rows.filter((row) => (nearest.distances[row] as number) < Number.POSITIVE_INFINITY);
    return shrinkSearch(context, found.toTensor(), successes, options.confidence);
  },
};

/**
 * Minimises with the constants as they are, from x.
 * @param pulled 1 for rows on which the squared distance pulls even while they are a success
 * @param nearest by the rule's distance
 * @returns the distance of each row's nearest success on the way, Infinity without one
 */
async function descend(
  context: AttackContext,
  options: Options,
  active: ActiveSet<State>,
  constants: Float64Array,
  pulled: Uint8Array,
  nearest: Nearest,
): Promise<Float64Array> {
  const { maxIterations, learningRate, beta } = options;
  const reached = new Float64Array(constants.length).fill(Number.POSITIVE_INFINITY);
  const watch = progress(constants.length, maxIterations);
  for (let iteration = 0; iteration < maxIterations && active.rows.length > 0; iteration++) {
    const rows = active.rows;
    const { gradient, excess, elastic, lengths, successes } = await evaluate(context, options, active);
    nearest.offer(active, active.state.ahead, lengths, successes);
    const moving = new Float32Array(rows.length);
    const weight = new Float32Array(rows.length);
    const losses = new Float64Array(rows.length);
    for (const [i, row] of rows.entries()) {
      const short = excess[i] as number;
      const constant = constants[row] as number;
      if (short > 0) weight[i] = constant;
      moving[i] = short > 0 || pulled[row] === 1 ? 1 : 0;
      losses[i] = (elastic[i] as number) + constant * Math.max(0, short);
    }
    const rate = learningRate * Math.sqrt(1 - iteration / maxIterations);
    const force = { gradient, weight: perRow(weight), moving: perRow(moving) };
    active.update(stepped(active.state, force, rate, beta, iteration / (iteration + 3)));
    tf.dispose(force);
    const { distances, succeeded } = await judged(context, options, active);
    nearest.offer(active, active.state.sparse, distances, succeeded);
    const near = distances.map((distance, i) => (succeeded[i] === 1 ? distance : Number.POSITIVE_INFINITY));
    for (const [i, row] of rows.entries()) reached[row] = Math.min(reached[row] as number, near[i] as number);
    const leaving = options.abortEarly ? watch.stuck(iteration, rows, losses, near) : new Uint8Array(rows.length);
    if (iteration === maxIterations - 1) leaving.fill(1);
    if (leaving.includes(1)) await nearest.retire(active, leaving);
    await context.pause();
  }
  return reached;
}

/** What the loss is made of at the points ahead, row by row; the caller disposes of the gradient. */
async function evaluate(context: AttackContext, options: Options, { rows, state }: ActiveSet<State>) {
  const { model, y, target } = context;
  const { logits, gradient } = model.gradient(state.ahead, attackLoss('margin', pick(y, rows), pick(target, rows)));
  const [scores, sums] = await Promise.all([logits.data<'float32'>(), sizesOf(state.ahead, state.x, options.beta)]);
  logits.dispose();
  const { excess, succeeded } = standing(context, scores, rows, options.confidence);
  // A point ahead may lie outside of the pixel range, where it is no image.
  const successes = succeeded.map((flag, i) => (sums.outside[i] === 0 ? flag : 0));
  return { gradient, elastic: sums.elastic, lengths: ruled(sums, options), excess, successes };
}

/** Distances of the sparse points by the rule, and which of them are a success. */
async function judged(context: AttackContext, options: Options, { rows, state }: ActiveSet<State>) {
  const logits = context.model.logits(state.sparse);
  const [scores, sums] = await Promise.all([logits.data<'float32'>(), sizesOf(state.sparse, state.x, options.beta)]);
  logits.dispose();
  return { distances: ruled(sums, options), succeeded: standing(context, scores, rows, options.confidence).succeeded };
}

interface Sizes {
  readonly l1: Float32Array;
  /** |d|₂² + β |d|₁. */
  readonly elastic: Float32Array;
  /** How far it leads out of the pixel range, in L1. */
  readonly outside: Float32Array;
}

/** Of each row's change. */
async function sizesOf(images: tf.Tensor4D, x: tf.Tensor4D, beta: number): Promise<Sizes> {
  const sums = tf.tidy(() => {
    const change = tf.sub(images, x);
    const beyond = tf.abs(tf.sub(images, tf.clipByValue(images, 0, 1)));
    return tf.stack([tf.abs(change), tf.square(change), beyond].map((values) => tf.sum(values, [1, 2, 3])));
  });
  const values = await sums.data<'float32'>();
  sums.dispose();
  const rows = values.length / 3;
  const l1 = values.slice(0, rows);
  const elastic = l1.map((length, i) => (values[rows + i] as number) + beta * length);
  return { l1, elastic, outside: values.slice(2 * rows) };
}

function ruled({ l1, elastic }: Sizes, { rule }: Options): Float32Array {
  return rule === 'L1' ? l1 : elastic;
}

/** The next sparse point and the point ahead of it, for rows that move and those that are left to shrink. */
function stepped(
  { x, sparse, ahead }: Readonly<Record<State, tf.Tensor4D>>,
  { gradient, weight, moving }: Readonly<Record<'gradient' | 'weight' | 'moving', tf.Tensor4D>>,
  rate: number,
  beta: number,
  momentum: number,
) {
  return tf.tidy(() => {
    const change = tf.sub(ahead, x);
    const down = tf.mul(tf.sub(tf.mul(change, 2), tf.mul(finiteOrZero(gradient), weight)), moving);
    const smooth = tf.sub(change, tf.mul(down, rate));
    // Shrunk by β towards 0, from either side.
    const shrunk = tf.sub(tf.relu(tf.sub(smooth, beta)), tf.relu(tf.sub(tf.neg(smooth), beta)));
    const next = tf.clipByValue(tf.add(x, shrunk), 0, 1) as tf.Tensor4D;
    return { sparse: next, ahead: tf.add(next, tf.mul(tf.sub(next, sparse), momentum)) as tf.Tensor4D };
  });
}
