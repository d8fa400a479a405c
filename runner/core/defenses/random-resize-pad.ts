/**
 * Random resizing and padding: the image is made smaller, to a random size, and set at a random place on black.
 *
 * Both are linear in each direction, so that an image becomes R · image · Cᵀ with two small matrices, whose derivative is exact.
 *
 * Source: Xie et al., "Mitigating Adversarial Effects Through Randomization", ICLR 2018, https://arxiv.org/abs/1711.01991, §3. Departs from it
 * in three ways: there images grow, from 299 to between 310 and 331 and padded to that, which nets of a fixed size cannot take, so here they shrink by as much at most; sizes are
 * interpolated linearly and not by the nearest pixel; and an answer joins several draws. The attack: Athalye et al., "Obfuscated Gradients Give a
 * False Sense of Security", ICML 2018, https://arxiv.org/abs/1802.00420, §5.3.
 */
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { product, shrink } from '../attacks/shared/shrinking.ts';
import type { Defense } from './defense.ts';
import type { Draw } from './draws.ts';
import { sampled, sampledOptions } from './shared/sampled.ts';

const optionsSchema = z.strictObject({
  smallest: z
    .number()
    .min(0.1)
    .max(1)
    .default(0.9)
    .describe('Smallest side that an image may shrink to, as a share of its own'),
  ...sampledOptions(16, 'mean'),
});

export const randomResizePad: Defense<typeof optionsSchema> = {
  id: 'random-resize-pad',
  name: 'Random resizing and padding',
  paper: 'https://arxiv.org/abs/1711.01991',
  description: 'The image is shrunk to a random size and set at a random place on black.',
  joins: false,
  randomised: true,
  adaptive: ['exact', 'eot'],
  optionsSchema,
  wrap: (classifiers, { smallest, ...options }, { draws }) =>
    sampled(classifiers, draws, options, (x, draw) => placed(x, smallest, draw)),
};

function placed(x: tf.Tensor4D, smallest: number, draw: Draw): tf.Tensor4D {
  const [count, height, width] = x.shape;
  const [size, top, left] = draw.uniform(3) as unknown as [number, number, number];
  const matrix = (side: number, place: number) => {
    const least = Math.ceil(smallest * side);
    const values = new Float32Array(side * side);
    // Equally many numbers of [0, 1) lead to each size.
    shrink(values, side, least + Math.floor(size * (side - least + 1)), place);
    return tf.tile(tf.tensor3d(values, [1, side, side]), [count, 1, 1]);
  };
  return product(x, matrix(height, top), matrix(width, left), false);
}
