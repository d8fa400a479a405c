/**
 * Certificates by bounds over the box of an L∞ ball: of each example the `lead` that its right class has over every other anywhere in the
 * ball, at least, and the `slack` that the lead must exceed.
 *
 * Scores and bounds are computed in float32. What rounding can do at every layer, to both, is taken off the lead (`rounding.ts`), if every
 * sum is one of products, in whatever order. Slack is for what is not: a ten-thousandth of the largest sum of absolute terms that any score
 * is made of within the box. Winograd's convolutions, which some backends take, are off by as little unless a net is made against them.
 */
import * as tf from '@tensorflow/tfjs';
import { preprocessed } from '../../models/preprocessing.ts';
import { BALL_TOLERANCE } from '../../projections.ts';
import { oneHot } from '../../tensors.ts';
import type { CertifyContext } from '../certificate.ts';
import type { Box } from './box.ts';
import { absoluteTerms, lastInputs, pixelBox } from './ibp-bounds.ts';
import { type Layers, type LayersOf, withLayers } from './layers.ts';
import type { Rounding } from './rounding.ts';

export const leadNumbers = ['lead', 'slack'] as const;

/** Slack as a share of what a score is made of. */
const SLACK = 1e-4;

/** Results published before rounding was taken off have leads that are larger, by 23 times the slack at most. */
const SLACKS_BEFORE_ROUNDING = 50;

/** More than subtracting from and adding to a pixel may round away. */
const PIXEL_ROUNDING = 2 ** -23;

/** Bounds of how far the score of each class can be above that of the right one, [batch, classes]. */
type MarginsOf = (
  layers: Layers['layers'],
  weights: Layers['weights'],
  box: Box<tf.Tensor4D>,
  labels: tf.Tensor2D,
  rounding: Rounding,
) => tf.Tensor2D;

/** @returns `leadNumbers` of each example */
export function measureLeads(context: CertifyContext, layersOf: LayersOf, marginsOf: MarginsOf): Promise<Float64Array> {
  const { submission, x, y, epsilon, spent } = context;
  const [height, width, channels] = submission.form.inputShape;
  return withLayers(submission, layersOf, async ({ layers, weights, classes, preprocessing }) => {
    const [margins, terms] = tf.tidy(() => {
      const images = tf.tensor4d(x.slice(), [y.length, height, width, channels]);
      const pixels = pixelBox(images, epsilon * (1 + BALL_TOLERANCE) + PIXEL_ROUNDING);
      // Each value is divided by a positive number: the ends stay the ends.
      const box =
        preprocessing === undefined
          ? pixels
          : { lower: preprocessed(pixels.lower, preprocessing), upper: preprocessed(pixels.upper, preprocessing) };
      return [marginsOf(layers, weights, box, oneHot(y, classes), 'outwards'), largestTerms(layers, weights, box)];
    }) as [tf.Tensor2D, tf.Tensor1D];
    const [above, sums] = await Promise.all([margins.data<'float32'>(), terms.data<'float32'>()]);
    tf.dispose([margins, terms]);
    spent?.(y.length);
    const numbers = new Float64Array(2 * y.length);
    y.forEach((label, i) => {
      const others = above.subarray(i * classes, (i + 1) * classes).filter((_, k) => k !== label);
      const sum = sums[i] as number;
      // Bounds that overflowed prove nothing.
      const finite = Number.isFinite(sum) && others.every(Number.isFinite);
      numbers.set(finite ? [-Math.max(...others), SLACK * sum] : [-Number.MAX_VALUE, Number.MAX_VALUE], 2 * i);
    });
    return numbers;
  });
}

/** Whether the right class leads by more than the slack. */
export function leadCertifies([lead = 0, slack = 0]: Float64Array): boolean {
  return lead > slack;
}

/**
 * Whether another backend proves it too, by a lead that differs by the slack at most. A recorded one may be larger, for rounding was not
 * always taken off; nothing hangs on by how much, where what is measured again is above 0 with rounding taken off.
 */
export function leadsAgree([lead = 0, slack = 0]: Float64Array, [other = 0, otherSlack = 0]: Float64Array): boolean {
  const near = other - lead <= slack && lead - other <= SLACKS_BEFORE_ROUNDING * slack;
  return other > 0 && near && Math.abs(slack - otherSlack) <= 0.01 * slack;
}

/** Largest sum of absolute terms of any score, anywhere in the box, [batch]. */
function largestTerms(layers: Layers['layers'], weights: Layers['weights'], box: Box<tf.Tensor4D>): tf.Tensor1D {
  const seen = lastInputs(layers, weights, box, 'outwards');
  return tf.max(absoluteTerms(layers.at(-1) as Layers['layers'][number], weights, seen), 1);
}
