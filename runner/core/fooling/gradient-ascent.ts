import * as tf from '@tensorflow/tfjs';
import { gradientModel } from '../gradients.ts';
import { crossEntropy, negated } from '../losses.ts';
import { exampleRandom } from '../random.ts';
import { finiteOrZero, unitRows } from '../tensors.ts';
import { type FoolingImages, type FoolingRequest, imageSize, probabilities } from './fooling.ts';

export interface GradientAscentOptions {
  readonly steps: number;
  /** Euclidean length of a step, in pixel units. */
  readonly stepSize: number;
  /** Share of its distance from black that every pixel loses in a step: the paper's penalty on the image's length. */
  readonly decay: number;
  /** Brightest pixel of the noise to begin with. */
  readonly start: number;
}

export const gradientAscentDefaults: GradientAscentOptions = { steps: 200, stepSize: 0.2, decay: 0.001, start: 0.1 };

/**
 * Fooling images by gradient ascent: from faint noise up the log-probability of each class, in steps of one length, with a pull to black.
 *
 * Source: Nguyen et al., CVPR 2015, https://arxiv.org/abs/1412.1897, §3.7, which ascends the probability with a penalty on the image's
 * length. The logarithm does not underflow; numbers of steps and lengths are ours.
 */
export async function gradientAscent(
  { classifier, seed, onRound }: FoolingRequest,
  options: GradientAscentOptions = gradientAscentDefaults,
): Promise<FoolingImages> {
  const { classes, inputShape } = classifier;
  const slots = Int32Array.from({ length: classes }, (_, c) => c);
  const noise = exampleRandom(seed, 'fooling/gradient-ascent').uniform(slots, 0, imageSize(classifier));
  const own = (all: Float64Array) => Float64Array.from(slots, (c) => all[c * classes + c] as number);
  const model = gradientModel(classifier);
  const loss = negated(crossEntropy(slots));
  let images = tf.tensor4d(
    noise.map((value) => options.start * value),
    [classes, ...inputShape],
  );
  try {
    for (let step = 0; step < options.steps; step++) {
      const before = images;
      images = tf.tidy(() => {
        const uphill = unitRows(finiteOrZero(model.gradient(before, loss).gradient));
        const faded = tf.mul(before, 1 - options.decay);
        return tf.clipByValue(tf.add(faded, tf.mul(uphill, options.stepSize)), 0, 1) as tf.Tensor4D;
      });
      before.dispose();
      if (onRound !== undefined) await onRound(own(await probabilities(classifier, await images.data<'float32'>())));
    }
    const values = (await images.data<'float32'>()).slice();
    return {
      images: values,
      confidences: own(await probabilities(classifier, values)),
      queries: model.counts.forwardCalls + classes,
    };
  } finally {
    images.dispose();
    model.dispose();
  }
}
