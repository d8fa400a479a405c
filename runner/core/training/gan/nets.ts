/**
 * The two nets of a generative adversarial net for small images: transposed and strided 4×4 convolutions, as in DCGAN, without batch
 * normalisation.
 *
 * Source: Radford et al., "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks", ICLR 2016,
 * https://arxiv.org/abs/1511.06434, §3, narrower.
 */
import * as tf from '@tensorflow/tfjs';
import type { Architecture, Parameter } from '../../models/architecture.ts';
import { connect, flatten } from '../../models/forward.ts';

type Shape = Architecture['inputShape'];

/** What forward functions take: the nets' parameters by name. */
export type Named = Readonly<Record<string, tf.Tensor>>;

/** Values of a latent vector, each normal. */
export const LATENT = 64;
const WIDE = 64;
const NARROW = 32;
const KERNEL = 4;
const LEAK = 0.2;

/** @param maps outputs that have a bias each @param fan inputs and outputs of one unit */
const layer = (name: string, shape: readonly number[], maps: number, fan: readonly [number, number]): Parameter[] => [
  { name: `${name}.weight`, shape, fan: { in: fan[0], out: fan[1] } },
  { name: `${name}.bias`, shape: [maps], fan: null },
];

/** A kernel of stride 2 gives each output a quarter of its cells. */
const PATCH = (KERNEL * KERNEL) / 4;

export interface Generator {
  readonly parameters: readonly Parameter[];
  /** @param z [count, LATENT] @returns images [count, height, width, channels], pixels in (0, 1) */
  forward(weights: Named, z: tf.Tensor2D): tf.Tensor4D;
}

/** @param shape of the images; height and width are multiples of 4 */
export function generator([height, width, channels]: Shape): Generator {
  const [rows, columns] = [height / 4, width / 4];
  return {
    parameters: [
      ...layer('fc', [LATENT, rows * columns * WIDE], rows * columns * WIDE, [LATENT, LATENT]),
      ...layer('up1', [KERNEL, KERNEL, NARROW, WIDE], NARROW, [PATCH * WIDE, PATCH * NARROW]),
      ...layer('up2', [KERNEL, KERNEL, channels, NARROW], channels, [PATCH * NARROW, PATCH * channels]),
    ],
    forward(weights, z) {
      const count = z.shape[0];
      const maps = tf.reshape(tf.relu(connect(weights, 'fc', z)), [count, rows, columns, WIDE]) as tf.Tensor4D;
      const up = (name: string, x: tf.Tensor4D, shape: [number, number, number, number]) =>
        tf.add(
          tf.conv2dTranspose(x, weights[`${name}.weight`] as tf.Tensor4D, shape, 2, 'same'),
          weights[`${name}.bias`] as tf.Tensor,
        ) as tf.Tensor4D;
      const half = tf.relu(up('up1', maps, [count, height / 2, width / 2, NARROW]));
      return tf.sigmoid(up('up2', half, [count, height, width, channels]));
    },
  };
}

export interface Discriminator {
  readonly parameters: readonly Parameter[];
  /** @returns [count, 1]: above 0 where an image is taken for a real one, below for a made one; the log of the odds */
  forward(weights: Named, x: tf.Tensor4D): tf.Tensor2D;
}

/** @param shape of the images; height and width are multiples of 4 */
export function discriminator([height, width, channels]: Shape): Discriminator {
  const patch = KERNEL * KERNEL;
  const units = (height / 4) * (width / 4) * WIDE;
  return {
    parameters: [
      ...layer('conv1', [KERNEL, KERNEL, channels, NARROW], NARROW, [patch * channels, PATCH * NARROW]),
      ...layer('conv2', [KERNEL, KERNEL, NARROW, WIDE], WIDE, [patch * NARROW, PATCH * WIDE]),
      ...layer('fc', [units, 1], 1, [units, 1]),
    ],
    forward(weights, x) {
      let maps = x;
      for (const name of ['conv1', 'conv2']) {
        const sums = tf.conv2d(maps, weights[`${name}.weight`] as tf.Tensor4D, 2, 'same');
        maps = leaky(tf.add(sums, weights[`${name}.bias`] as tf.Tensor));
      }
      return connect(weights, 'fc', flatten(maps));
    },
  };
}

/** Leaky ReLU by means of ReLU, whose gradient has one in turn. */
function leaky(x: tf.Tensor4D): tf.Tensor4D {
  return tf.add(tf.mul(x, LEAK), tf.mul(tf.relu(x), 1 - LEAK));
}
