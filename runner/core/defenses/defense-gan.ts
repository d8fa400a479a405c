/**
 * Defense-GAN: what the net sees is not the image but the one nearest to it that a generator makes, G(z*), where z* minimises
 * the mean of (G(z) − x)² over the pixels, as far as some steps of gradient descent with momentum come from each of some random starts.
 *
 * The search is not differentiated; in place of the whole of it the identity is (BPDA), and gradients are averaged over starts, of which
 * an attack meets others in each pass.
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
import { straightThrough, through } from './shared/through.ts';

const optionsSchema = z.strictObject({
  steps: z.int().min(1).max(1000).default(50).describe('Steps of the search for the nearest image'),
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
    const purified = straightThrough((x) => {
      const [draw] = draws.next(1);
      const starts = draw?.normal(options.restarts * LATENT) as Float32Array;
      return untaped(() => nearest(x, generator, starts, options));
    });
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
 * @returns for each image the nearest that was found
 */
function nearest(
  x: tf.Tensor4D,
  generator: LoadedGenerator,
  starts: Float32Array,
  { steps, restarts, stepSize, momentum }: z.output<typeof optionsSchema>,
): tf.Tensor4D {
  const [count] = x.shape;
  const pixels = x.size / count;
  // Rows are image by image, and of each image start by start.
  const wanted = tf.reshape(tf.tile(tf.expandDims(x, 1), [1, restarts, 1, 1, 1]), [-1, ...x.shape.slice(1)]);
  const distances = (z: tf.Tensor2D) => tf.sum(tf.square(tf.sub(generator.images(z), wanted)), [1, 2, 3]);
  let z = tf.tile(tf.tensor2d(starts, [restarts, LATENT]), [count, 1]) as tf.Tensor2D;
  let velocity: tf.Tensor2D = tf.zerosLike(z);
  for (let step = 0; step < steps; step++) {
    const before = [z, velocity];
    const [from, speed] = [z, velocity];
    [z, velocity] = tf.tidy(() => {
      const slope = backward(() => tf.sum(distances(from)), from);
      const next = tf.sub(tf.mul(speed, momentum), tf.mul(slope, stepSize / pixels));
      return [tf.add(from, next), next] as [tf.Tensor2D, tf.Tensor2D];
    });
    tf.dispose(before);
  }
  const images = generator.images(z);
  if (restarts === 1) return images;
  const best = tf.argMin(tf.reshape(distances(z), [count, restarts]), 1);
  return tf.gather(images, tf.add(best, tf.range(0, count * restarts, restarts, 'int32')));
}
