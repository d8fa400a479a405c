import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { classLogit, classProbability, negated, otherLogits } from '../losses.ts';
import type { Attack, AttackContext } from './attack.ts';
import { pick } from './shared/active-set.ts';
import { type Pair, pairSearch, twoLargest } from './shared/pair-search.ts';

const optionsSchema = z.strictObject({
  theta: z.literal([1, -1]).default(1).describe('1 sets the chosen values to white, −1 to black.'),
  maxFeatures: z
    .int()
    .min(2)
    .max(1_000_000)
    .default(112)
    .describe('Most input values to change (two an iteration); 112 is 14.5 % of an MNIST image.'),
  on: z
    .enum(['probabilities', 'logits'])
    .default('probabilities')
    .describe(
      'What the saliency map is of. Probabilities, as in the paper, underflow on a distilled net; logits do not.',
    ),
  // Without a default: suites that are published name every option that has one.
  temperature: z
    .number()
    .positive()
    .max(1e6)
    .optional()
    .describe(
      'On probabilities: what logits are divided by before the softmax; 1 when absent. A distilled net gives way at its own.',
    ),
  leastRoom: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe('Values that could move by no more than this are not in the search; 0 when absent. Others have 0.01.'),
  batch: z.int().min(1).max(4096).default(256).describe('Images at work at a time; as one is done the next comes in.'),
});

type Options = z.infer<typeof optionsSchema>;

/**
 * Jacobian-based saliency map attack (JSMA), targeted, L0.
 *
 * Each iteration saturates the two input values p, q that have the largest −α·β with α > 0 and β < 0, where
 * α = ∂F_t/∂x_p + ∂F_t/∂x_q for the target t and β = Σ_{j≠t} (∂F_j/∂x_p + ∂F_j/∂x_q); with theta −1 both conditions turn. It
 * stops when t is reached, when no pair is admissible, or at the limit of values. A value is changed once at most, and one
 * that is saturated from the start is not in the search; with `leastRoom` one that nearly is not either, on which the paper's search
 * spends changes.
 *
 * Source: Papernot et al., "The Limitations of Deep Learning in Adversarial Settings", EuroS&P 2016,
 * https://arxiv.org/abs/1511.07528, algorithms 2 and 3: the search is over all pairs, as there.
 * No Jacobian is needed. Probabilities sum to 1, so β = −α and one backward pass gives the two largest α; on logits one more
 * pass gives the sum over the other classes. Gradients are taken as float32 gives them, without rescaling: where the
 * probabilities underflow there is no admissible pair, which is the effect that the paper on distillation reports. With its
 * temperature undone they do not: that is the attack with which Carlini & Wagner, "Defensive Distillation is Not Robust to
 * Adversarial Examples", 2016, https://arxiv.org/abs/1607.04311, broke it. It differentiates the output of the softmax, with logits
 * divided by the temperature of the training.
 */
export const jsma: Attack<typeof optionsSchema> = {
  id: 'jsma',
  name: 'JSMA',
  norms: ['L0'],
  kind: 'minimum-norm',
  access: 'gradient',
  targeted: 'required',
  paper: 'https://arxiv.org/abs/1511.07528',
  optionsSchema,

  async perturb(context, options) {
    const { x, epsilon } = context;
    const [total, ...shape] = x.shape;
    const limit = Math.min(options.maxFeatures, epsilon);
    const images = (await x.data<'float32'>()).slice();
    const size = images.length / total;
    const white = options.theta === 1 ? 1 : 0;
    const room = options.leastRoom ?? 0;
    const open = Uint8Array.from(images, (value) => (Math.abs(white - value) > room ? 1 : 0));
    const changed = new Int32Array(total);
    const search = saliencyMap(context, options, size);
    let rows: number[] = [];
    let next = 0;
    while (limit >= 2) {
      // Refilled as images are done, so that every pass but the last few is of a full batch.
      while (rows.length < options.batch && next < total) rows.push(next++);
      if (rows.length === 0) break;
      const pairs = await search(stack(images, rows, size), [rows.length, ...shape], Int32Array.from(rows), open);
      rows = rows.filter((row, position) => {
        const pair = pairs[position];
        if (pair === null || pair === undefined) return false;
        for (const feature of pair) {
          images[row * size + feature] = white;
          open[row * size + feature] = 0;
        }
        changed[row] = (changed[row] as number) + 2;
        return (changed[row] as number) + 2 <= limit;
      });
      await context.pause();
    }
    return tf.tensor4d(images, x.shape);
  },
};

/**
 * @returns a function that finds the next pair of each image of a batch: null for one that is a success already, by the
 * logits of the same pass, or that has no admissible pair
 */
function saliencyMap({ model, target, adversarial }: AttackContext, { on, theta, temperature }: Options, size: number) {
  const bestPair = pairSearch(size);
  return async (images: Float32Array, shape: readonly number[], rows: Int32Array, open: Uint8Array) => {
    const classes = pick(target as Int32Array, rows);
    const x = tf.tensor4d(images, shape as [number, number, number, number]);
    const losses =
      on === 'logits' ? [classLogit(classes), negated(otherLogits(classes))] : [classProbability(classes, temperature)];
    const { logits, gradients } = model.gradients(x, losses);
    const done = adversarial(await logits.data<'float32'>(), rows);
    const [alpha, beta] = await Promise.all(gradients.map((gradient) => gradient.data<'float32'>()));
    tf.dispose([x, logits, ...gradients]);
    return Array.from(rows, (row, position): Pair | null => {
      if (done[position] === 1) return null;
      const from = position * size;
      const gain = (alpha as Float32Array).subarray(from, from + size);
      const candidates = open.subarray(row * size, (row + 1) * size);
      if (beta === undefined) return twoLargest(gain, candidates, theta);
      return bestPair(gain, beta.subarray(from, from + size), candidates, theta);
    });
  };
}

/** The rows one after the other, in a new array. */
function stack(images: Float32Array, rows: readonly number[], size: number): Float32Array {
  const stacked = new Float32Array(rows.length * size);
  for (const [position, row] of rows.entries()) {
    stacked.set(images.subarray(row * size, (row + 1) * size), position * size);
  }
  return stacked;
}
