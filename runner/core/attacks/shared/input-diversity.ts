import * as tf from '@tensorflow/tfjs';
import type { AttackContext } from '../attack.ts';
import type { AscentModel } from './ensemble.ts';
import { product, shrink } from './shrinking.ts';

/** How images are changed before each gradient. */
export interface Diversity {
  /** Chance that an image is changed. */
  readonly probability: number;
  /** Smallest side that an image may shrink to, as a share of its own. */
  readonly smallest: number;
}

/**
 * A model that sees each image shrunk to a random size, at a random place on black, with some probability. Its gradient is the one with
 * respect to the image before that. Every pass draws anew, keyed by example.
 *
 * Shrinking and placing is linear in each direction, so an image becomes R · image · Cᵀ with two small matrices, and a gradient
 * comes back by their transposes: one product for the whole batch, whatever the sizes are.
 *
 * Source: Xie et al., "Improving Transferability of Adversarial Examples with Input Diversity", CVPR 2019,
 * https://arxiv.org/abs/1803.06978, §3.2. There images grow beyond their size, which nets with dense layers cannot take.
 * @param model every pass must be of the whole batch of `context`
 */
export function withInputDiversity(
  model: AscentModel,
  { random, examples }: Pick<AttackContext, 'random' | 'examples'>,
  { probability, smallest }: Diversity,
): AscentModel {
  let pass = 0;
  return {
    logits: (x) => model.logits(x),
    gradient(x, loss) {
      const [count, height, width] = x.shape;
      const draws = random.uniform(examples, pass++, DRAWS);
      const rows = new Float32Array(count * height * height);
      const columns = new Float32Array(count * width * width);
      for (let i = 0; i < count; i++) {
        const [chance, size, top, left] = draws.subarray(i * DRAWS, (i + 1) * DRAWS) as unknown as Draws;
        const share = chance < probability ? smallest + (1 - smallest) * size : 1;
        shrink(rows.subarray(i * height ** 2, (i + 1) * height ** 2), height, Math.round(share * height), top);
        shrink(columns.subarray(i * width ** 2, (i + 1) * width ** 2), width, Math.round(share * width), left);
      }
      return tf.tidy(() => {
        const r = tf.tensor3d(rows, [count, height, height]);
        const c = tf.tensor3d(columns, [count, width, width]);
        const { logits, gradient } = model.gradient(product(x, r, c, false), loss);
        return { logits, gradient: product(gradient, r, c, true) };
      });
    },
  };
}

/** Whether, to what size, and where to, from the top and from the left. */
type Draws = readonly [number, number, number, number];
const DRAWS = 4;
