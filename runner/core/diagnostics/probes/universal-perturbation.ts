import * as tf from '@tensorflow/tfjs';
import { pick } from '../../attacks/shared/active-set.ts';
import { pauser } from '../../attacks/shared/pause.ts';
import { steepest } from '../../attacks/shared/step.ts';
import { gradientModel, type PerExampleLoss } from '../../gradients.ts';
import { crossEntropy, margin } from '../../losses.ts';
import { adversarial } from '../../metrics/judge.ts';
import { asAttacked, type Classifier } from '../../models/classifier.ts';
import { project } from '../../projections.ts';
import { exampleRandom } from '../../random.ts';
import { type Spent, spending } from '../../spending.ts';
import { finiteOrZero, gatherRows, unitRows } from '../../tensors.ts';
import { imageSize, inBatches } from './batches.ts';

/** The norms in which the change takes steps. */
export type UniversalNorm = 'Linf' | 'L2';

/**
 * What is raised, image by image. `ce`: the cross-entropy, up to 9, so that what has fallen leaves the say to the others. `count`: the
 * number of the fallen made smooth, 1 / (1 + exp(margin / scale)), with the mean margin of the clean images as the scale: it knows no
 * saturated logits, and an image that is out of reach does not outweigh two that are within.
 */
export const universalLosses = ['ce', 'count'] as const;
export type UniversalLoss = (typeof universalLosses)[number];

/** The images that a change is looked for on. */
export interface UniversalSearch {
  readonly classifier: Classifier;
  /** Clean images, [n × height × width × channels]. */
  readonly x: Float32Array;
  /** True classes, [n]. */
  readonly y: Int32Array;
  readonly norm: UniversalNorm;
  readonly epsilon: number;
  readonly seed: number;
  readonly loss: UniversalLoss;
  readonly spent?: Spent | undefined;
}

/** One change for all images. */
export interface UniversalPerturbation {
  /** In the ball, before it is cut to each image's pixel range, [height × width × channels]. */
  readonly delta: Float32Array;
  /** How many of the images that it was looked for on it breaks. */
  readonly broken: number;
}

/** The source's. */
const CAP = 9;
/** Passes over the images, images of one step, and its length as a fraction of ε; ours. */
export const EPOCHS = 40;
const BATCH = 10;
const STEP = 0.1;

/**
 * A universal perturbation: δ ← Π(δ + stepSize · direction of the mean gradient of the loss) from δ = 0, over small batches of the images;
 * of the changes that the epochs end with, the one that breaks the most. It is no attack, for an attack's rows do not know of each other.
 *
 * Sources: Shafahi et al., "Universal Adversarial Training", AAAI 2020, https://arxiv.org/abs/1811.11304; universal perturbations are
 * from Moosavi-Dezfooli et al., CVPR 2017, https://arxiv.org/abs/1610.08401, who add up DeepFool's steps. Ours are the loss `count` and
 * that a value at the end of the pixel range has no say about going further.
 */
export async function universalPerturbation(search: UniversalSearch): Promise<UniversalPerturbation> {
  const { classifier, x, y, norm, epsilon, seed } = search;
  const lossOf = await lossFor(search);
  const model = gradientModel(asAttacked(classifier, { seed, line: 'probe/universal', chunk: 0 }));
  const pause = pauser(spending([model], search.spent));
  const images = tf.tensor4d(x.slice(), [y.length, ...classifier.inputShape]);
  let delta: tf.Tensor4D = tf.zeros([1, ...classifier.inputShape]);
  let best = { delta: new Float32Array(imageSize(classifier)), broken: 0 };
  try {
    for (let epoch = 0; epoch < EPOCHS; epoch++) {
      for (const rows of shuffled(y.length, seed, epoch)) {
        const before = delta;
        delta = tf.tidy(() => {
          const xAdv = tf.clipByValue(tf.add(gatherRows(images, rows), before), 0, 1) as tf.Tensor4D;
          const { gradient } = model.gradient(xAdv, lossOf(pick(y, rows)));
          const mean = tf.mean(movable(xAdv, finiteOrZero(gradient)), 0, true) as tf.Tensor4D;
          return ontoBall(tf.add(before, tf.mul(steepest(mean, norm), STEP * epsilon)), norm, epsilon);
        });
        before.dispose();
        await pause();
      }
      const values = (await delta.data<'float32'>()).slice();
      const broken = (await brokenBy(search, values)).reduce((sum, flag) => sum + flag, 0);
      if (broken >= best.broken) best = { delta: values, broken };
    }
    return best;
  } finally {
    tf.dispose([images, delta]);
    model.dispose();
  }
}

/** @returns 1 for each image that the change breaks, brought into the pixel range and the ball */
export async function brokenBy(
  { classifier, x, y, norm, epsilon }: Omit<UniversalSearch, 'loss' | 'seed'>,
  delta: Float32Array,
): Promise<Uint8Array> {
  const xAdv = x.map((value, i) => value + (delta[i % delta.length] as number));
  project(x, xAdv, delta.length, norm, epsilon);
  const logits = await inBatches(classifier, xAdv, (batch) => classifier.logits(batch));
  return adversarial(logits, classifier.classes, y, null);
}

/** All rows in batches, in an order that each epoch draws. */
function shuffled(rows: number, seed: number, epoch: number): Int32Array[] {
  const keys = exampleRandom(seed, 'probe/universal').uniform([0], epoch, rows);
  const order = Int32Array.from(keys.keys()).sort((a, b) => (keys[a] as number) - (keys[b] as number) || a - b);
  return Array.from({ length: Math.ceil(rows / BATCH) }, (_, i) => order.slice(i * BATCH, (i + 1) * BATCH));
}

async function lossFor({ loss, classifier, x, y }: UniversalSearch): Promise<(y: Int32Array) => PerExampleLoss> {
  if (loss === 'ce') return (labels) => (logits) => tf.minimum(crossEntropy(labels)(logits), CAP);
  const margins = await inBatches(classifier, x, (batch, start) =>
    margin(y.slice(start, start + batch.shape[0]))(classifier.logits(batch)),
  );
  const mean = margins.reduce((sum, value) => sum + Math.abs(value), 0) / margins.length;
  return (labels) => (logits) => tf.sigmoid(tf.div<tf.Tensor1D>(tf.neg(margin(labels)(logits)), mean > 0 ? mean : 1));
}

/** The gradient without the values that would leave the pixel range. */
function movable(xAdv: tf.Tensor4D, gradient: tf.Tensor4D): tf.Tensor4D {
  const up = tf.logicalAnd(tf.greater(gradient, 0), tf.less(xAdv, 1));
  const down = tf.logicalAnd(tf.less(gradient, 0), tf.greater(xAdv, 0));
  return tf.where(tf.logicalOr(up, down), gradient, tf.zerosLike(gradient));
}

function ontoBall(delta: tf.Tensor4D, norm: UniversalNorm, epsilon: number): tf.Tensor4D {
  if (norm === 'Linf') return tf.clipByValue(delta, -epsilon, epsilon);
  const length = tf.sqrt(tf.sum(tf.square(delta)));
  return tf.where(tf.greater(length, epsilon), tf.mul<tf.Tensor4D>(unitRows(delta), epsilon), delta);
}
