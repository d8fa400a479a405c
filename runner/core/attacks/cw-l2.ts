import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { attackLoss } from '../losses.ts';
import { finiteOrZero, perRow } from '../tensors.ts';
import type { Attack, AttackContext } from './attack.ts';
import { type ActiveSet, activeSet, pick } from './shared/active-set.ts';
import { adamRate, adamStep } from './shared/adam.ts';
import { constantSearch } from './shared/constant-search.ts';
import { findings } from './shared/findings.ts';
import { type Nearest, nearestSuccesses } from './shared/nearest.ts';
import { progress } from './shared/progress.ts';
import { standing } from './shared/successes.ts';
import { fromTanhSpace, gradientInTanhSpace, toTanhSpace } from './shared/tanh-space.ts';

const optionsSchema = z.strictObject({
  binarySearchSteps: z.int().min(1).max(100).default(9).describe('Values of the constant c tried for each image.'),
  initialConstant: z
    .number()
    .positive()
    .default(1e-3)
    .describe('First c: the weight of the margin against the distance.'),
  maxIterations: z.int().min(1).max(1_000_000).default(10_000).describe('Steps of Adam for each c; one gradient each.'),
  learningRate: z
    .number()
    .positive()
    .default(0.01)
    .describe(
      'Step size of Adam. A black or white pixel takes some 600 steps of 0.01 to move: raise it for fewer steps.',
    ),
  confidence: z.number().min(0).default(0).describe('Margin of logits (κ) by which an image must be misclassified.'),
  abortEarly: z
    .boolean()
    .default(true)
    .describe(
      'Give up a c for an image whose loss has twice in a row not fallen by 0.01 % in a tenth of the iterations.',
    ),
});

type Options = z.infer<typeof optionsSchema>;
type State = 'x' | 'w' | 'mean' | 'square' | 'best';

/** From this number of binary search steps on, the last one is spent on the smallest constant known to work. */
const REPEAT_FROM = 10;

/**
 * Carlini and Wagner's attack, L2, with or without a target: minimises |xAdv − x|² + c · max(0, m + κ), where m is the
 * margin of logits of the true class over the others (with a target: of the others over the target).
 *
 * Adam works on w with xAdv = (tanh(w) + 1) / 2, which keeps pixels in [0, 1]. A binary search per image finds the smallest c
 * that works: tenfold until one does, then halving. The nearest success of all steps is returned, the clean image without one.
 * An image whose loss stands still leaves the batch until the next c.
 *
 * Source: Carlini & Wagner, "Towards Evaluating the Robustness of Neural Networks", S&P 2017,
 * https://arxiv.org/abs/1608.04644, §V-VI, and its authors' published code for defaults and bookkeeping.
 * Departs from it in four ways: c worked where an image is a success towards the end, not at any step; giving up is decided per image; the distance is to x itself, not to x after
 * the change of variables and back; and a success clears the boundary by 1e-5 of the largest logit.
 */
export const cwL2: Attack<typeof optionsSchema> = {
  id: 'cw-l2',
  name: 'C&W L2',
  norms: ['L2'],
  kind: 'minimum-norm',
  access: 'gradient',
  targeted: 'optional',
  paper: 'https://arxiv.org/abs/1608.04644',
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
      const active = activeSet<State>(rows, {
        x: x.clone(),
        w: toTanhSpace(x),
        mean: tf.zerosLike(x),
        square: tf.zerosLike(x),
        best: x.clone(),
      });
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
 * @param nearest by squared distance
 * @returns 1 for each row of the batch that was a success towards the end
 */
async function descend(
  context: AttackContext,
  options: Options,
  active: ActiveSet<State>,
  constants: Float64Array,
  nearest: Nearest,
): Promise<Uint8Array> {
  const succeeded = lately(constants.length);
  const watch = progress(constants.length, options.maxIterations);
  for (let iteration = 0; iteration < options.maxIterations && active.rows.length > 0; iteration++) {
    const rows = active.rows;
    const { images, gradient, excess, distances, successes } = await evaluate(context, options, active);
    nearest.offer(active, images, distances, successes);
    succeeded.tell(rows, successes, iteration % watch.interval === 0);
    const pull = new Float32Array(rows.length);
    const losses = new Float64Array(rows.length);
    for (const [i, row] of rows.entries()) {
      const short = excess[i] as number;
      const constant = constants[row] as number;
      if (short > 0) pull[i] = constant;
      losses[i] = (distances[i] as number) + constant * Math.max(0, short);
    }
    move(active, images, gradient, pull, options.learningRate, iteration + 1);
    tf.dispose([images, gradient]);
    const leaving = options.abortEarly ? watch.stuck(iteration, rows, losses) : new Uint8Array(rows.length);
    if (iteration === options.maxIterations - 1) leaving.fill(1);
    if (leaving.includes(1)) await nearest.retire(active, leaving);
    await context.pause();
  }
  return succeeded.flags();
}

/**
 * Which rows have been a success since the look before the last one. Not earlier: the first steps of Adam go as far for a small c as for a
 * large one and may cross a boundary that c itself would not hold an image at.
 */
function lately(batch: number) {
  const before = new Uint8Array(batch);
  const now = new Uint8Array(batch);
  return {
    tell(rows: Int32Array, successes: Uint8Array, look: boolean) {
      // Rows that have left keep what they had.
      if (look) for (const row of rows) [before[row], now[row]] = [now[row] as number, 0];
      for (const [i, row] of rows.entries()) if (successes[i] === 1) now[row] = 1;
    },
    flags: () => now.map((flag, row) => flag | (before[row] as number)),
  };
}

/** What the loss is made of at the present images, row by row; the caller disposes of the tensors. */
async function evaluate(context: AttackContext, { confidence }: Options, { rows, state }: ActiveSet<State>) {
  const { model, y, target } = context;
  const images = fromTanhSpace(state.w);
  const { logits, gradient } = model.gradient(images, attackLoss('margin', pick(y, rows), pick(target, rows)));
  const squares = tf.tidy(() => tf.sum(tf.square(tf.sub(images, state.x)), [1, 2, 3]));
  const [scores, distances] = await Promise.all([logits.data<'float32'>(), squares.data<'float32'>()]);
  tf.dispose([logits, squares]);
  const { excess, succeeded } = standing(context, scores, rows, confidence);
  return { images, gradient, distances, excess, successes: succeeded };
}

/** One step of Adam down |xAdv − x|² − pull · gradient. */
function move(
  { state, update }: ActiveSet<State>,
  images: tf.Tensor4D,
  gradient: tf.Tensor4D,
  pull: Float32Array,
  rate: number,
  t: number,
) {
  const { x, w, mean, square } = state;
  const down = tf.tidy(() => {
    const towardsX = tf.mul(tf.sub(images, x), 2);
    return gradientInTanhSpace(images, tf.sub(towardsX, tf.mul(finiteOrZero(gradient), perRow(pull))));
  });
  const next = adamStep(w, down, { mean, square }, adamRate(rate, t));
  down.dispose();
  update({ w: next.values, mean: next.mean, square: next.square });
}
