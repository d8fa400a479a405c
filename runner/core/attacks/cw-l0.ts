import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { attackLoss } from '../losses.ts';
import { finiteOrZero, gatherRows, perRow } from '../tensors.ts';
import type { Attack, AttackContext } from './attack.ts';
import { type ActiveSet, activeSet, pick } from './shared/active-set.ts';
import { beginSearch, nextProblem, notSolved, type Search, searchStep } from './shared/doubling.ts';
import { findings } from './shared/findings.ts';
import { type Nearest, nearestSuccesses } from './shared/nearest.ts';
import { lengths } from './shared/row-norms.ts';
import { standing } from './shared/successes.ts';
import { fromTanhSpace, gradientInTanhSpace, toTanhSpace } from './shared/tanh-space.ts';

const optionsSchema = z.strictObject({
  maxIterations: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(1000)
    .describe('Steps of Adam for each set of values and constant c; one gradient each.'),
  learningRate: z.number().positive().default(0.01).describe('Step size of Adam.'),
  initialConstant: z
    .number()
    .positive()
    .default(1e-3)
    .describe('First c: the weight of the margin against the squared distance.'),
  largestConstant: z.number().positive().default(2e6).describe('An image is given up when its c comes to this.'),
  constantFactor: z.number().gt(1).default(2).describe('By which c grows when it did not do.'),
  abortEarly: z
    .boolean()
    .default(true)
    .describe('Go on to the next c when the loss has not fallen by 0.01 % in a tenth of the iterations.'),
});

type Options = z.infer<typeof optionsSchema>;
type State = 'x' | 'w' | 'mean' | 'square' | 'allowed' | 'best';

/** A smaller change counts as none, and is taken back. */
const SMALLEST_CHANGE = 1e-4;
/** At most this times the root of the number of changes is held after a success … */
const HELD_AT_ONCE = 0.3;
/** … and none after the first whose change is expected to move the margin by more than this. */
const EXPENDABLE = 0.01;

/**
 * Carlini and Wagner's attack, L0, with or without a target: their L2 attack again and again, each time with fewer values that may change.
 *
 * Minimises |xAdv − x|² + c · max(0, m), with m the margin of logits of the true class over the others (with a target: of the others over
 * the target), by Adam on w with xAdv = (tanh(w) + 1) / 2 for the values that may change. After a success those that did not change are
 * held for good, and of the others those that contribute least, by the size of the change times that of the margin's gradient; the
 * search goes on from there. Where it does not succeed, c is doubled, up to 2,000,000. The success with the fewest changes is returned.
 *
 * Source: Carlini & Wagner, "Towards Evaluating the Robustness of Neural Networks", S&P 2017,
 * https://arxiv.org/abs/1608.04644, §VI-B, and its authors' published code for defaults and for how many values are held at a time.
 * Counts input values; the paper counts pixels. Departs from it in four ways: every image goes on at once, whatever the others do;
 * values that did not change are held all at once; c is also doubled when the loss stands still; and a success clears the boundary by
 * 1e-5 of the largest logit instead of by 0.01.
 */
export const cwL0: Attack<typeof optionsSchema> = {
  id: 'cw-l0',
  name: 'C&W L0',
  norms: ['L0'],
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
    const searches = Array.from(rows, () => beginSearch(options.initialConstant));
    const active = activeSet<State>(rows, {
      x: x.clone(),
      w: toTanhSpace(x),
      mean: tf.zerosLike(x),
      square: tf.zerosLike(x),
      allowed: tf.onesLike(x),
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
  searches: readonly Search[],
  nearest: Nearest,
) {
  const own = Array.from(active.rows, (row) => searches[row] as Search);
  const { images, gradient, excess, succeeded, counts, squares } = await evaluate(context, active);
  nearest.offer(active, images, counts, succeeded);
  const pull = own.map(({ constant }, i) => ((excess[i] as number) > 0 ? constant : 0));
  const down = downhill(active.state, gradient, pull);
  const held = succeeded.includes(1) ? await holdLeast(active.state, images, gradient, succeeded) : null;
  active.update(searchStep(active.state.w, down, active.state, own, options.learningRate));
  if (held !== null) active.update({ allowed: held });
  tf.dispose([images, gradient, down]);
  const leaving = new Uint8Array(own.length);
  for (const [i, search] of own.entries()) {
    if (succeeded[i] === 1) nextProblem(search);
    else notSolved(search, (squares[i] as number) + search.constant * Math.max(0, excess[i] as number), options);
    const single = (nearest.distances[active.rows[i] as number] as number) <= 1;
    if (single || search.constant >= options.largestConstant) leaving[i] = 1;
  }
  if (leaving.includes(1)) await nearest.retire(active, leaving);
  await context.pause();
}

/** What the loss is made of at the present images, row by row; the caller disposes of the tensors. */
async function evaluate(context: AttackContext, { rows, state }: ActiveSet<State>) {
  const { model, y, target } = context;
  const images = tf.tidy(() => {
    const moved = fromTanhSpace(state.w);
    const changed = tf.greaterEqual(tf.abs(tf.sub(moved, state.x)), SMALLEST_CHANGE);
    return tf.where(tf.logicalAnd(changed, tf.greater(state.allowed, 0)), moved, state.x);
  });
  const { logits, gradient } = model.gradient(images, attackLoss('margin', pick(y, rows), pick(target, rows)));
  const numbers = tf.tidy(() => {
    const change = tf.sub(images, state.x) as tf.Tensor4D;
    return { counts: lengths(change, 'L0'), squares: tf.sum(tf.square(change), [1, 2, 3]) };
  });
  const [scores, counts, squares] = await Promise.all([
    logits.data<'float32'>(),
    numbers.counts.data<'float32'>(),
    numbers.squares.data<'float32'>(),
  ]);
  tf.dispose([logits, numbers]);
  return { images, gradient, counts, squares, ...standing(context, scores, rows) };
}

/** Gradient of the loss with respect to w, over the values that may change. */
function downhill({ x, w, allowed }: Readonly<Record<State, tf.Tensor4D>>, gradient: tf.Tensor4D, pull: number[]) {
  return tf.tidy(() => {
    const moved = fromTanhSpace(w);
    const back = tf.mul(tf.sub(moved, x), 2);
    const total = tf.mul(tf.sub(back, tf.mul(finiteOrZero(gradient), perRow(pull))), allowed) as tf.Tensor4D;
    return gradientInTanhSpace(moved, total);
  });
}

/** What may change from now on: in rows that succeeded, fewer values than before. */
async function holdLeast(
  { x, allowed }: Readonly<Record<State, tf.Tensor4D>>,
  images: tf.Tensor4D,
  gradient: tf.Tensor4D,
  succeeded: Uint8Array,
): Promise<tf.Tensor4D> {
  const won = Int32Array.from(succeeded.keys()).filter((i) => succeeded[i] === 1);
  const effects = tf.tidy(() =>
    gatherRows(tf.mul(tf.abs(tf.sub(images, x)), tf.abs(finiteOrZero(gradient))) as tf.Tensor4D, won),
  );
  const changes = tf.tidy(() => gatherRows(tf.sub(images, x) as tf.Tensor4D, won));
  const [scores, moved] = await Promise.all([effects.data<'float32'>(), changes.data<'float32'>()]);
  tf.dispose([effects, changes]);
  const size = scores.length / won.length;
  const keep = new Float32Array(scores.length);
  for (let i = 0; i < won.length; i++) {
    const left = Array.from({ length: size }, (_, k) => i * size + k).filter((k) => moved[k] !== 0);
    left.sort((a, b) => (scores[a] as number) - (scores[b] as number));
    let held = 0;
    while (held < left.length) {
      const score = scores[left[held] as number] as number;
      held++;
      if (score > EXPENDABLE || held >= HELD_AT_ONCE * Math.sqrt(left.length)) break;
    }
    for (const k of left.slice(held)) keep[k] = 1;
  }
  // Rows that did not succeed keep what they had.
  const source = Int32Array.from(succeeded.keys());
  for (const [k, i] of won.entries()) source[i] = succeeded.length + k;
  return tf.tidy(() => {
    const fewer = tf.tensor4d(keep, [won.length, ...(x.shape.slice(1) as [number, number, number])]);
    return gatherRows(tf.concat([allowed, fewer]), source);
  });
}
