import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { attackLoss } from '../losses.ts';
import { finiteOrZero, perRow } from '../tensors.ts';
import type { Attack, AttackContext } from './attack.ts';
import { type ActiveSet, activeSet, pick } from './shared/active-set.ts';
import { adamRate, adamStep } from './shared/adam.ts';
import { findings } from './shared/findings.ts';
import { lookAt, nearestSuccesses } from './shared/nearest.ts';
import { lengths, rowNorms } from './shared/row-norms.ts';
import { standing } from './shared/successes.ts';
import { usefulGradient } from './shared/useful-gradient.ts';

const optionsSchema = z.strictObject({
  steps: z
    .int()
    .min(1)
    .max(100_000)
    .default(1000)
    .describe('Gradient steps; each costs one forward and one backward pass per image.'),
  stepSize: z
    .number()
    .positive()
    .default(1)
    .describe('First step size of Adam; it falls to a tenth along half a cosine.'),
  sigma: z
    .number()
    .positive()
    .default(1e-3)
    .describe('Sharpness of the smooth count of changed values: a change d counts d² / (d² + σ).'),
  threshold: z.number().min(0).max(1).default(0.3).describe('First size below which a change is taken back.'),
  thresholdRate: z
    .number()
    .positive()
    .default(0.01)
    .describe('By how much, times the step size, that size grows after a success and shrinks after a failure.'),
});

type State = 'x' | 'xAdv' | 'mean' | 'square' | 'best';

/**
 * σ-zero, L0, with or without a target: minimises max(0, m) + Σ d² / (d² + σ) / n, where m is the margin of logits of the true class over
 * the others (with a target: of the others over the target), d the change of each of the n values, and the sum a smooth count of the
 * changed ones.
 *
 * By Adam, on the gradient over its largest value, within the pixel range. After each step changes below a threshold are taken back; the
 * threshold belongs to the image and grows while it is a success. The success with the fewest changes of all steps is returned; an
 * image that gives way to a single value is done.
 *
 * Source: Cinà et al., "σ-zero: Gradient-based Optimization of ℓ0-norm Adversarial Examples", ICLR 2025,
 * https://arxiv.org/abs/2402.01879, algorithm 1; defaults: the paper's, with 1000 steps; the use of Adam and the order of updates: the
 * published code of its authors and of the Adversarial Library. Counts input values, as the paper does. Departs from it in four ways: it
 * can be told a target; the last iterate is looked at too; where a gradient is zero or NaN throughout the step goes in a
 * random direction; and a success clears the boundary by 1e-5 of the largest logit.
 */
export const sigmaZero: Attack<typeof optionsSchema> = {
  id: 'sigma-zero',
  name: 'σ-zero',
  norms: ['L0'],
  kind: 'minimum-norm',
  access: 'gradient',
  targeted: 'optional',
  paper: 'https://arxiv.org/abs/2402.01879',
  optionsSchema,

  async perturb(context, { steps, stepSize, sigma, threshold, thresholdRate }) {
    const { x } = context;
    const found = await findings(x);
    const rows = Int32Array.from({ length: x.shape[0] }, (_, row) => row);
    const nearest = nearestSuccesses(found, rows.length);
    const thresholds = new Float64Array(rows.length).fill(threshold);
    const active = activeSet<State>(rows, {
      x: x.clone(),
      xAdv: x.clone(),
      mean: tf.zerosLike(x),
      square: tf.zerosLike(x),
      best: x.clone(),
    });
    try {
      let rate = stepSize;
      for (let step = 0; step < steps && active.rows.length > 0; step++) {
        const { gradient, sizes, counts, succeeded } = await evaluate(context, active, sigma);
        nearest.offer(active, active.state.xAdv, counts, succeeded);
        const useful = await usefulGradient(context, gradient, sizes, active.rows, step);
        const rateNow = rate;
        rate = stepSize * (0.1 + (0.9 * (1 + Math.cos((Math.PI * (step + 1)) / steps))) / 2);
        for (const [i, row] of active.rows.entries()) {
          const next = (thresholds[row] as number) + thresholdRate * rate * (succeeded[i] === 1 ? 1 : -1);
          thresholds[row] = Math.min(1, Math.max(0, next));
        }
        const limits = Float64Array.from(active.rows, (row) => thresholds[row] as number);
        active.update(stepped(active.state, useful, rateNow, step + 1, limits));
        useful.dispose();
        const single = Uint8Array.from(active.rows, (row) => (nearest.distances[row] === 1 ? 1 : 0));
        if (single.includes(1)) await nearest.retire(active, single);
        await context.pause();
      }
      if (active.rows.length > 0) {
        await lookAt(context, active, active.state.xAdv, 'L0', nearest);
        await nearest.retire(active, new Uint8Array(active.rows.length).fill(1));
      }
    } finally {
      active.dispose();
    }
    return found.toTensor();
  },
};

/** Where the present images stand, and the gradient of the loss to go down; the caller disposes of it. */
async function evaluate(context: AttackContext, { rows, state }: ActiveSet<State>, sigma: number) {
  const { model, y, target } = context;
  const { logits, gradient } = model.gradient(state.xAdv, attackLoss('margin', pick(y, rows), pick(target, rows)));
  const scores = await logits.data<'float32'>();
  const { excess, succeeded } = standing(context, scores, rows);
  const pull = excess.map((short) => (short > 0 ? 1 : 0));
  const numbers = tf.tidy(() => {
    const change = tf.sub(state.xAdv, state.x) as tf.Tensor4D;
    const denominator = tf.square(tf.add(tf.square(change), sigma));
    const sparser = tf.mul(tf.div(change, denominator), (2 * sigma * rows.length) / change.size);
    const total = tf.sub(sparser, tf.mul(finiteOrZero(gradient), perRow(pull))) as tf.Tensor4D;
    return { total, sizes: rowNorms(total, 'Linf'), counts: lengths(change, 'L0') };
  });
  const [sizes, counts] = await Promise.all([numbers.sizes.data<'float32'>(), numbers.counts.data<'float32'>()]);
  tf.dispose([logits, gradient, numbers.sizes, numbers.counts]);
  return { gradient: numbers.total, sizes, counts, succeeded };
}

/** One step of Adam within the pixel range, after which changes below a limit are taken back. */
function stepped(
  { x, xAdv, mean, square }: Readonly<Record<State, tf.Tensor4D>>,
  gradient: tf.Tensor4D,
  rate: number,
  t: number,
  limits: Float64Array,
) {
  return tf.tidy(() => {
    const next = adamStep(xAdv, scaledRows(gradient), { mean, square }, adamRate(rate, t));
    const clipped = tf.clipByValue(next.values, 0, 1) as tf.Tensor4D;
    const large = tf.greaterEqual(tf.abs(tf.sub(clipped, x)), perRow(limits));
    return { xAdv: tf.where(large, clipped, x), mean: next.mean, square: next.square };
  });
}

/** Each row over its largest absolute value; a row of zeros stays zero. */
function scaledRows(values: tf.Tensor4D): tf.Tensor4D {
  const largest = rowNorms(values, 'Linf');
  return tf.div(values, tf.where(tf.greater(largest, 0), largest, tf.onesLike(largest)));
}
