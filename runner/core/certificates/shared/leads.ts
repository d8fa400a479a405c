/**
 * Certificates by bounds over the box of an L∞ ball: of each example the `lead` that its right class has over every other anywhere in the
 * ball, at least, and the `slack` that the lead must exceed.
 *
 * Bounds are computed in float32, as the scores are, and rounded to the nearest, not outwards. Slack stands for the rounding of both: a
 * ten-thousandth of the largest sum of absolute terms that any score is made of within the box. A sum of n such terms is off by about √n
 * roundings of 6 · 10⁻⁸ (Higham & Mary, 2019, https://doi.org/10.1137/18M1226312), 10⁻⁵ of it after a few layers with n in the thousands.
 */
import * as tf from '@tensorflow/tfjs';
import { preprocessed } from '../../models/preprocessing.ts';
import { BALL_TOLERANCE } from '../../projections.ts';
import { oneHot } from '../../tensors.ts';
import type { CertifyContext } from '../certificate.ts';
import type { Box } from './box.ts';
import { lastInputs, pixelBox } from './ibp-bounds.ts';
import { type Layers, type LayersOf, withLayers } from './layers.ts';

export const leadNumbers = ['lead', 'slack'] as const;

/** Slack as a share of what a score is made of. */
const SLACK = 1e-4;

/** More than subtracting from and adding to a pixel may round away. */
const PIXEL_ROUNDING = 2 ** -23;

/** Bounds of how far the score of each class can be above that of the right one, [batch, classes]. */
type MarginsOf = (
  layers: Layers['layers'],
  weights: Layers['weights'],
  box: Box<tf.Tensor4D>,
  labels: tf.Tensor2D,
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
      return [marginsOf(layers, weights, box, oneHot(y, classes)), largestTerms(layers, weights, box)];
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

/** Two backends may differ by the slack, which is there for their rounding. */
export function leadsAgree([lead = 0, slack = 0]: Float64Array, [other = 0, otherSlack = 0]: Float64Array): boolean {
  return Math.abs(lead - other) <= slack && Math.abs(slack - otherSlack) <= 0.01 * slack;
}

/** Largest sum of absolute terms of any score, anywhere in the box, [batch]. */
function largestTerms(layers: Layers['layers'], weights: Layers['weights'], box: Box<tf.Tensor4D>): tf.Tensor1D {
  const { lower, upper } = lastInputs(layers, weights, box);
  const { name } = layers.at(-1) as Layers['layers'][number];
  const seen = tf.maximum(tf.abs(lower), tf.abs(upper)) as tf.Tensor2D;
  const sums = tf.matMul(seen, tf.abs(weights[`${name}.weight`] as tf.Tensor2D));
  return tf.max(tf.add(sums, tf.abs(weights[`${name}.bias`] as tf.Tensor)), 1);
}
