/** What the defenses share that look at each image several times, changed at random, and join what the net says. */
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { backward } from '../../gradients.ts';
import type { Classifier } from '../../models/classifier.ts';
import { untaped } from '../../untaped.ts';
import type { Draw, Draws } from '../draws.ts';
import { logMeanProbabilities, votes } from './joined.ts';

/** @param samples and @param answer the defaults */
export function sampledOptions(samples: number, answer: 'majority' | 'mean') {
  return {
    samples: z.int().min(1).max(10_000).default(samples).describe('Draws that an answer is made of'),
    answer: z
      .enum(['majority', 'mean'])
      .default(answer)
      .describe('The class that most draws say, or the mean of their probabilities'),
  };
}

/**
 * The scores of an answer are those of a vote of its draws, or the logarithm of their mean probabilities; under attack each pass has one
 * draw and gives the logarithm of its probabilities, with its own derivative, and averaging is the attack's (expectation over
 * transformation).
 *
 * An answer's derivative is that of log (1/n · Σ softmax(zᵢ)), draw by draw in a second pass, so that it takes no more memory than one draw.
 *
 * @param change makes the images that the net sees of images and a draw, of the same shape
 */
export function sampled(
  [classifier]: readonly [Classifier, ...Classifier[]],
  draws: Draws,
  { samples, answer }: { readonly samples: number; readonly answer: 'majority' | 'mean' },
  change: (x: tf.Tensor4D, draw: Draw) => tf.Tensor4D,
): Classifier {
  const { inputShape, classes, notes = [] } = classifier;
  const join = answer === 'majority' ? votes : logMeanProbabilities;
  const look = (x: tf.Tensor4D, draw: Draw) => tf.tidy(() => classifier.logits(change(x, draw)));

  /** Σ dy · p(draw) / p(all) / n, whose derivative is the draw's part of that of dy · log p(all). */
  const part = (x: tf.Tensor4D, draw: Draw, dy: tf.Tensor, logMean: tf.Tensor, n: number) => {
    const share = tf.exp(tf.sub(tf.logSoftmax(look(x, draw)), logMean));
    return tf.div(tf.sum(tf.mul(dy, share)), n);
  };

  const joined = (x: tf.Tensor4D, all: readonly Draw[]) => {
    const substituted = tf.customGrad((images, save) => {
      const logits = all.map((draw) => look(images as tf.Tensor4D, draw));
      (save as tf.GradSaveFunc)([images as tf.Tensor4D, logMeanProbabilities(logits)]);
      return {
        value: join(logits),
        gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
          const [at, logMean] = saved as [tf.Tensor4D, tf.Tensor2D];
          let sum: tf.Tensor4D = tf.zerosLike(at);
          for (const draw of all) {
            const before = sum;
            sum = untaped(() =>
              tf.add(
                before,
                backward(() => part(at, draw, dy, logMean, all.length), at),
              ),
            ) as tf.Tensor4D;
            before.dispose();
          }
          return sum;
        },
      };
    });
    return substituted(x) as tf.Tensor2D;
  };

  return {
    ...{ inputShape, classes, notes },
    logits: (x) =>
      tf.tidy(() => {
        const all = draws.next(samples);
        const [only] = all;
        return all.length === 1 ? tf.logSoftmax(look(x, only as Draw)) : joined(x, all);
      }),
    dispose: () => classifier.dispose(),
  };
}
