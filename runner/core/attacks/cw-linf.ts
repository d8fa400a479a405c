import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { attackLoss } from '../losses.ts';
import { finiteOrZero, perRow, signOf } from '../tensors.ts';
import type { Attack, AttackContext } from './attack.ts';
import { type ActiveSet, activeSet, pick } from './shared/active-set.ts';
import { beginSearch, nextProblem, notSolved, type Search, searchStep } from './shared/doubling.ts';
import { findings } from './shared/findings.ts';
import { type Nearest, nearestSuccesses } from './shared/nearest.ts';
import { rowNorms } from './shared/row-norms.ts';
import { standing } from './shared/successes.ts';
import { fromTanhSpace, gradientInTanhSpace, toTanhSpace } from './shared/tanh-space.ts';

const optionsSchema = z.strictObject({
  maxIterations: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(1000)
    .describe('Steps of Adam for each pair of a limit τ and a constant c; one gradient each.'),
  learningRate: z.number().positive().default(0.005).describe('Step size of Adam.'),
  initialConstant: z
    .number()
    .positive()
    .default(1e-5)
    .describe('First c: the weight of the margin against what changes have above τ.'),
  largestConstant: z.number().positive().default(20).describe('An image is given up when its c comes to this.'),
  constantFactor: z.number().gt(1).default(2).describe('By which c grows when it did not do.'),
  decreaseFactor: z.number().gt(0).lt(1).default(0.9).describe('By which τ shrinks after a success.'),
  abortEarly: z
    .boolean()
    .default(false)
    .describe(
      'Go on to the next c when the loss has not fallen by 0.01 % in a tenth of the iterations: faster, and farther out.',
    ),
});

type Options = z.infer<typeof optionsSchema>;
type State = 'x' | 'w' | 'mean' | 'square' | 'best';

/** Limit below which τ says nothing any more in images of 256 levels. */
const SMALLEST_LIMIT = 1 / 256;
/** Share of c below which the loss counts as gone. */
const SOLVED = 1e-4;

type Limited = Search & { limit: number };

/**
 * Carlini and Wagner's attack, L∞, with or without a target: minimises c · max(0, m) + Σ max(0, |d| − τ), where m is the margin of logits
 * of the true class over the others (with a target: of the others over the target) and d the change of each value.
 *
 * Adam works on w with xAdv = (tanh(w) + 1) / 2. Once the loss is gone, τ becomes the largest change, but no more than before, times 0.9,
 * and the search goes on from there; where it does not go, c is doubled. An image is done when τ is below 1/256 or c comes
 * to 20. The nearest success of all steps is returned.
 *
 * Source: Carlini & Wagner, "Towards Evaluating the Robustness of Neural Networks", S&P 2017,
 * https://arxiv.org/abs/1608.04644, §VI-C, and its authors' published code for defaults and bookkeeping. Departs from it in three
 * ways: every image goes on to its next τ or c at once, whatever the others do; every success on the way may be the nearest; and a success clears the boundary by 1e-5 of the largest logit.
 */
export const cwLinf: Attack<typeof optionsSchema> = {
  id: 'cw-linf',
  name: 'C&W L∞',
  norms: ['Linf'],
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
    const searches = Array.from(rows, () => ({ ...beginSearch(options.initialConstant), limit: 1 }));
    const active = activeSet<State>(rows, {
      x: x.clone(),
      w: toTanhSpace(x),
      mean: tf.zerosLike(x),
      square: tf.zerosLike(x),
      best: x.clone(),
    });
    try {
      while (active.rows.length > 0) await iterate(context, options, active, searches, nearest);
    } finally {
      active.dispose();
    }
    return found.toTensor();
  },
};

/** One step of every active image. */
async function iterate(
  context: AttackContext,
  options: Options,
  active: ActiveSet<State>,
  searches: readonly Limited[],
  nearest: Nearest,
) {
  const own = Array.from(active.rows, (row) => searches[row] as Limited);
  const limits = own.map(({ limit }) => limit);
  const { images, gradient, excess, succeeded, distances, over } = await evaluate(context, active, limits);
  nearest.offer(active, images, distances, succeeded);
  const pull = own.map(({ constant }, i) => ((excess[i] as number) > 0 ? constant : 0));
  const down = downhill(active.state, images, gradient, pull, limits);
  active.update(searchStep(active.state.w, down, active.state, own, options.learningRate));
  tf.dispose([images, gradient, down]);
  const leaving = new Uint8Array(own.length);
  for (const [i, search] of own.entries()) {
    const loss = (over[i] as number) + search.constant * Math.max(0, excess[i] as number);
    const solved = succeeded[i] === 1 && !((over[i] as number) >= SOLVED * search.constant);
    if (solved) {
      search.limit = Math.min(search.limit, distances[i] as number) * options.decreaseFactor;
      nextProblem(search);
    } else notSolved(search, loss, options);
    if (search.limit <= SMALLEST_LIMIT || search.constant >= options.largestConstant) leaving[i] = 1;
  }
  if (leaving.includes(1)) await nearest.retire(active, leaving);
  await context.pause();
}

/** What the loss is made of at the present images, row by row; the caller disposes of the tensors. */
async function evaluate(context: AttackContext, { rows, state }: ActiveSet<State>, limits: number[]) {
  const { model, y, target } = context;
  const images = fromTanhSpace(state.w);
  const { logits, gradient } = model.gradient(images, attackLoss('margin', pick(y, rows), pick(target, rows)));
  const numbers = tf.tidy(() => {
    const change = tf.sub(images, state.x) as tf.Tensor4D;
    const over = tf.sum(tf.relu(tf.sub(tf.abs(change), perRow(limits))), [1, 2, 3]);
    return { over, distances: rowNorms(change, 'Linf') };
  });
  const [scores, over, distances] = await Promise.all([
    logits.data<'float32'>(),
    numbers.over.data<'float32'>(),
    numbers.distances.data<'float32'>(),
  ]);
  tf.dispose([logits, numbers]);
  return { images, gradient, over, distances, ...standing(context, scores, rows) };
}

/** Gradient of the loss with respect to w. */
function downhill(
  { x }: Readonly<Record<State, tf.Tensor4D>>,
  images: tf.Tensor4D,
  gradient: tf.Tensor4D,
  pull: number[],
  limits: number[],
): tf.Tensor4D {
  return tf.tidy(() => {
    const change = tf.sub(images, x) as tf.Tensor4D;
    const above = tf.cast(tf.greater(tf.abs(change), perRow(limits)), 'float32');
    const back = tf.mul(signOf(change), above);
    return gradientInTanhSpace(images, tf.sub(back, tf.mul(finiteOrZero(gradient), perRow(pull))) as tf.Tensor4D);
  });
}
