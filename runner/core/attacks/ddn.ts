import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { PerExampleLoss } from '../gradients.ts';
import { attackLoss, attackLosses } from '../losses.ts';
import { gatherRows, perRow, unitRows } from '../tensors.ts';
import type { Attack, AttackContext } from './attack.ts';
import { type ActiveSet, activeSet, pick } from './shared/active-set.ts';
import { findings } from './shared/findings.ts';
import { lookAt, nearestSuccesses } from './shared/nearest.ts';
import { rowNorms } from './shared/row-norms.ts';
import { standing } from './shared/successes.ts';
import { rowSizes, usefulGradient } from './shared/useful-gradient.ts';

const optionsSchema = z.strictObject({
  steps: z
    .int()
    .min(1)
    .max(100_000)
    .default(100)
    .describe('Gradient steps; each costs one forward and one backward pass per image.'),
  gamma: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.05)
    .describe('Share by which the norm shrinks after a success and grows after a failure.'),
  initialNorm: z.number().positive().default(1).describe('Euclidean length of the first change, in pixel units.'),
  stepSize: z.number().positive().default(1).describe('Length of the first step, in pixel units.'),
  finalStepSize: z
    .number()
    .positive()
    .default(0.01)
    .describe('Length of the last step; between the two along half a cosine.'),
  loss: z
    .enum(attackLosses)
    .default('ce')
    .describe('Loss to increase; where its gradient is zero, that of the margin takes its place.'),
});

type Options = z.infer<typeof optionsSchema>;
type State = 'x' | 'xAdv' | 'best';

/**
 * Decoupled direction and norm (DDN), L2, with or without a target.
 *
 * Each step goes along the gradient of the cross-entropy, scaled to a length that falls from 1 to 0.01 along half a cosine. Then the
 * change is brought to a norm of the image's own, which was made smaller by the share γ where the image was a success and larger by
 * γ where it was not, and the image into the pixel range. The nearest success of all steps is returned.
 *
 * Source: Rony et al., "Decoupling Direction and Norm for Efficient Gradient-Based L2 Adversarial Attacks and Defenses", CVPR 2019,
 * https://arxiv.org/abs/1811.09600, algorithm 1; defaults and order of updates: its authors' published code. Departs from it in five
 * ways: images are not rounded to 256 levels; where the loss is so flat that its gradient is zero the step goes along that of the
 * margin of logits, and where that is zero too in a random direction; the last iterate is looked at too; and a success clears the
 * boundary by 1e-5 of the largest logit.
 */
export const ddn: Attack<typeof optionsSchema> = {
  id: 'ddn',
  name: 'DDN',
  norms: ['L2'],
  kind: 'minimum-norm',
  access: 'gradient',
  targeted: 'optional',
  paper: 'https://arxiv.org/abs/1811.09600',
  optionsSchema,

  async perturb(context, options) {
    const { x } = context;
    const found = await findings(x);
    const rows = Int32Array.from({ length: x.shape[0] }, (_, row) => row);
    const nearest = nearestSuccesses(found, rows.length);
    const active = activeSet<State>(rows, { x: x.clone(), xAdv: x.clone(), best: x.clone() });
    const widest = await widestChanges(x);
    const lengths = new Float64Array(rows.length).fill(options.initialNorm);
    try {
      for (let step = 0; step < options.steps; step++) {
        const { gradient, distances, succeeded } = await evaluate(context, options, active, step);
        nearest.offer(active, active.state.xAdv, distances, succeeded);
        for (const [i, length] of lengths.entries()) {
          const next = length * (succeeded[i] === 1 ? 1 - options.gamma : 1 + options.gamma);
          lengths[i] = Math.min(next, widest[i] as number);
        }
        const cosine = (1 + Math.cos((Math.PI * step) / options.steps)) / 2;
        const stepSize = options.finalStepSize + (options.stepSize - options.finalStepSize) * cosine;
        active.update({ xAdv: moved(active.state, gradient, stepSize, lengths) });
        gradient.dispose();
        await context.pause();
      }
      await lookAt(context, active, active.state.xAdv, 'L2', nearest);
      await nearest.retire(active, new Uint8Array(rows.length).fill(1));
    } finally {
      active.dispose();
    }
    return found.toTensor();
  },
};

/** Distance of each row from x to the corner of the pixel range that is farthest from it. */
async function widestChanges(x: tf.Tensor4D): Promise<Float32Array> {
  const widest = tf.tidy(() => rowNorms(tf.maximum(x, tf.sub(1, x)), 'L2'));
  const values = await widest.data<'float32'>();
  widest.dispose();
  return values;
}

/** Where the present images stand, and a gradient to follow; the caller disposes of it. */
async function evaluate(context: AttackContext, { loss }: Options, { rows, state }: ActiveSet<State>, step: number) {
  const { model, y, target } = context;
  const { logits, gradient } = model.gradient(state.xAdv, attackLoss(loss, pick(y, rows), pick(target, rows)));
  const numbers = tf.tidy(() => ({ sizes: rowSizes(gradient), changes: rowNorms(tf.sub(state.xAdv, state.x), 'L2') }));
  const [scores, sizes, distances] = await Promise.all([
    logits.data<'float32'>(),
    numbers.sizes.data<'float32'>(),
    numbers.changes.data<'float32'>(),
  ]);
  tf.dispose([logits, numbers]);
  const margin = (some: Int32Array) => attackLoss('margin', pick(y, some), pick(target, some));
  const steeper = await withoutFlat(context, state.xAdv, gradient, sizes, rows, margin);
  const useful = await usefulGradient(context, steeper.gradient, steeper.sizes, rows, step);
  return { gradient: useful, distances, ...standing(context, scores, rows) };
}

/** Puts the gradient of another loss in place of the rows of `gradient` that are zero, for a forward and a backward pass more. */
async function withoutFlat(
  { model }: AttackContext,
  images: tf.Tensor4D,
  gradient: tf.Tensor4D,
  sizes: Float32Array,
  rows: Int32Array,
  loss: (rows: Int32Array) => PerExampleLoss,
) {
  const flat = Int32Array.from(sizes.keys()).filter((i) => !((sizes[i] as number) > 0));
  if (flat.length === 0) return { gradient, sizes };
  const some = gatherRows(images, flat);
  const other = model.gradient(some, loss(flat.map((i) => rows[i] as number)));
  // Each row is taken from the old ones or, counting on from their end, from the new ones.
  const source = Int32Array.from(sizes.keys());
  for (const [k, i] of flat.entries()) source[i] = sizes.length + k;
  const merged = tf.tidy(() => gatherRows(tf.concat([gradient, other.gradient]), source));
  tf.dispose([some, other.logits, other.gradient, gradient]);
  const summed = rowSizes(merged);
  const values = await summed.data<'float32'>();
  summed.dispose();
  return { gradient: merged, sizes: values };
}

/** xAdv after a step along `gradient`, at the distances given and within the pixel range. */
function moved(
  { x, xAdv }: Readonly<Record<State, tf.Tensor4D>>,
  gradient: tf.Tensor4D,
  stepSize: number,
  lengths: Float64Array,
): tf.Tensor4D {
  return tf.tidy(() => {
    const change = tf.sub(tf.add(xAdv, tf.mul(unitRows(gradient), stepSize)), x) as tf.Tensor4D;
    return tf.clipByValue(tf.add(x, tf.mul(unitRows(change), perRow(lengths))), 0, 1) as tf.Tensor4D;
  });
}
