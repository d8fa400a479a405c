/**
 * Defense-GAN: what the net sees is not the image but the one nearest to it that a generator makes, G(z*), where z* minimises
 * the mean of (G(z) − x)² over the pixels, as far as some steps of gradient descent with momentum come from each of some random starts.
 *
 * Of the search the last step alone is differentiated, those before it are taken as they are (BPDA): up to a factor J Jᵀ with J the derivative of G, so
 * that an attack follows what moves along the generator's images. Athalye et al. put the identity there, most of which the search undoes.
 * Gradients are averaged over starts, of which an attack meets others in each pass.
 *
 * Source: Samangouei et al., "Defense-GAN: Protecting Classifiers Against Adversarial Attacks Using Generative Models", ICLR 2018,
 * https://arxiv.org/abs/1805.06605, §3; there L = 200 steps from R = 10 starts, here 50 from one by default. The attack: Athalye et al.,
 * "Obfuscated Gradients Give a False Sense of Security", ICML 2018, https://arxiv.org/abs/1802.00420, §5.4.
 */
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { ParapetError } from '../errors.ts';
import { backward } from '../gradients.ts';
import { type LoadedGenerator, loadGenerator } from '../training/gan/load.ts';
import { LATENT } from '../training/gan/nets.ts';
import { untaped } from '../untaped.ts';
import type { Defense } from './defense.ts';
import { through } from './shared/through.ts';

const optionsSchema = z.strictObject({
  steps: z
    .int()
    .min(1)
    .max(1000)
    .default(50)
    .describe('Steps of the search for the nearest image; the last one is without momentum'),
  restarts: z.int().min(1).max(20).default(1).describe('Random starts of the search, of which the best one counts'),
  stepSize: z.number().positive().max(1000).default(30).describe('Length of a step, as a multiple of the gradient'),
  momentum: z.number().min(0).max(0.99).default(0.7).describe('Share of a step that the next one goes on with'),
});

export const defenseGan: Defense<typeof optionsSchema> = {
  id: 'defense-gan',
  name: 'Defense-GAN',
  paper: 'https://arxiv.org/abs/1805.06605',
  description: 'The image is replaced by the nearest one that a generator makes.',
  joins: false,
  randomised: true,
  file: 'the generator that train-gan writes',
  adaptive: ['bpda', 'eot'],
  optionsSchema,
  wrap: (classifiers, options, { draws, file }) => {
    const [{ inputShape }] = classifiers;
    if (file === null)
      throw new ParapetError('submission', 'defense-gan needs the file of a generator, and none is named');
    const generator = loadGenerator(file, inputShape);
    const purified = (x: tf.Tensor4D) => {
      const [draw] = draws.next(1);
      const starts = draw?.normal(options.restarts * LATENT) as Float32Array;
      const near = untaped(() => nearest(x, generator, starts, options));
      return generator.images(step(x, generator, near, options.stepSize));
    };
    const classifier = through(classifiers, purified);
    return {
      ...classifier,
      dispose() {
        classifier.dispose();
        generator.dispose();
      },
    };
  },
};

/**
 * @param starts a vector for each restart, [restarts × LATENT], from which the search for every image sets out
 * @returns for each image the vector that all steps but the last lead to from the best start, [batch, LATENT]
 */
function nearest(
  x: tf.Tensor4D,
  generator: LoadedGenerator,
  starts: Float32Array,
  { steps, restarts, stepSize, momentum }: z.output<typeof optionsSchema>,
): tf.Tensor2D {
  const [count, height, width, channels] = x.shape;
  // Rows are image by image, and of each image start by start.
  const copies = tf.tile(tf.expandDims(x, 1), [1, restarts, 1, 1, 1]);
  const wanted: tf.Tensor4D = tf.reshape(copies, [count * restarts, height, width, channels]);
  let z = tf.tile(tf.tensor2d(starts, [restarts, LATENT]), [count, 1]) as tf.Tensor2D;
  let velocity: tf.Tensor2D = tf.zerosLike(z);
  for (let done = 1; done < steps; done++) {
    const before = [z, velocity];
    const [from, speed] = [z, velocity];
    [z, velocity] = tf.tidy(() => {
      const next = step(wanted, generator, from, stepSize);
      const faster = tf.add(tf.mul(speed, momentum), tf.sub(next, from)) as tf.Tensor2D;
      return [tf.add(from, faster), faster] as [tf.Tensor2D, tf.Tensor2D];
    });
    tf.dispose(before);
  }
  if (restarts === 1) return z;
  const best = tf.argMin(tf.reshape(distances(generator.images(z), wanted), [count, restarts]), 1);
  return tf.gather(z, tf.add(best, tf.range(0, count * restarts, restarts, 'int32')));
}

/** One step of gradient descent from z. */
function step(x: tf.Tensor4D, generator: LoadedGenerator, z: tf.Tensor2D, stepSize: number): tf.Tensor2D {
  const slope = backward(() => tf.sum(distances(generator.images(z), x)), z);
  return tf.sub(z, tf.mul(slope, (stepSize * x.shape[0]) / x.size));
}

/** Squared distance of each image from the one that is wanted, [batch]. */
function distances(images: tf.Tensor4D, wanted: tf.Tensor4D): tf.Tensor1D {
  return tf.sum(tf.square(tf.sub(images, wanted)), [1, 2, 3]);
}
