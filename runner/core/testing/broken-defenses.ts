/**
 * Defenses that are known to be broken: what they add hinders attacks and protects nothing. Each must be flagged, by the
 * diagnostics that it names. A defense to add is a function here and a line in `brokenDefenses`.
 */
import * as tf from '@tensorflow/tfjs';
import { jpeg } from '../defenses/shared/jpeg-codec.ts';
import type { Classifier } from '../models/classifier.ts';
import { scaled } from './classifiers.ts';

/** A classifier that sees its images through something. */
function through(of: Classifier, change: (x: tf.Tensor4D) => tf.Tensor4D): Classifier {
  return { ...of, logits: (x) => tf.tidy(() => of.logits(change(x))), dispose: () => {} };
}

/**
 * Pixels rounded to a few levels; a rounding has a gradient of zero.
 *
 * Source: Xu et al., "Feature Squeezing", NDSS 2018, https://arxiv.org/abs/1704.01155; broken by going straight through, as in
 * Athalye et al., "Obfuscated Gradients Give a False Sense of Security", ICML 2018, https://arxiv.org/abs/1802.00420, §4.
 */
export function rounded(of: Classifier, levels = 16): Classifier {
  return through(of, (x) => tf.div(tf.round(tf.mul(x, levels - 1)), levels - 1));
}

/**
 * Images compressed as JPEG does; the rounding of its frequencies has a gradient of zero.
 *
 * Source: Guo et al., "Countering Adversarial Images Using Input Transformations", ICLR 2018, https://arxiv.org/abs/1711.00117;
 * broken in Athalye et al., https://arxiv.org/abs/1802.00420, §5.2.
 */
export function compressed(of: Classifier, quality = 75): Classifier {
  return through(of, (x) => jpeg(x, quality));
}

/** The images themselves, with a gradient of zero: what every framework calls stopping a gradient. */
export function gradientKiller(of: Classifier): Classifier {
  const stop = tf.customGrad((x) => ({
    value: tf.clone(x as tf.Tensor),
    gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy),
  }));
  return through(of, (x) => stop(x) as tf.Tensor4D);
}

/**
 * Pixels with a ripple too small to matter and so steep that the sign of the gradient changes hundreds of times between 0 and 1.
 *
 * Source: the kind of gradient that Athalye et al. call shattered, https://arxiv.org/abs/1802.00420, §3.
 */
export function shatteredSign(of: Classifier, height = 0.02, frequency = 2000): Classifier {
  return through(of, (x) => tf.add(x, tf.mul(height, tf.sin(tf.mul(x, frequency)))));
}

/**
 * Logits times 1,000: classes and robustness stay, but the cross-entropy is flat in float32. It is what training at a high
 * temperature leaves.
 *
 * Source: Papernot et al., S&P 2016, https://arxiv.org/abs/1511.04508; broken in Carlini & Wagner,
 * https://arxiv.org/abs/1607.04311.
 */
export function hot(of: Classifier): Classifier {
  return scaled(of, 1000);
}

/** Probabilities in the place of logits: differences that saturate are rounded away. */
export function softmaxed(of: Classifier): Classifier {
  return { ...of, logits: (x) => tf.tidy(() => tf.softmax(of.logits(x))), dispose: () => {} };
}

/**
 * Images made a little smaller and put somewhere in a black frame, anew in each pass.
 *
 * Source: Xie et al., "Mitigating Adversarial Effects Through Randomization", ICLR 2018, https://arxiv.org/abs/1711.01991; it enlarges,
 * which a net of a fixed size cannot. Broken in Athalye et al., https://arxiv.org/abs/1802.00420, §5.3, by expectation over draws.
 * @param random draws from [0, 1) that must differ from call to call
 */
export function randomResize(of: Classifier, random: () => number = Math.random): Classifier {
  const smallest = 0.85;
  return through(of, (x) => {
    const draw = (side: number) => {
      const least = Math.floor(smallest * side);
      const length = least + Math.floor((side - least + 1) * random());
      return { length, offset: Math.floor((side - length + 1) * random()) };
    };
    const [batch, height, width, channels] = x.shape;
    const vertical = shrink(height, draw(height));
    const horizontal = shrink(width, draw(width));
    const rows = tf.transpose(x, [0, 2, 3, 1]).reshape([-1, height]);
    const shorter = tf.transpose(tf.matMul(rows, vertical).reshape([batch, width, channels, height]), [0, 3, 2, 1]);
    const narrower = tf.matMul(shorter.reshape([-1, width]), horizontal).reshape([batch, height, channels, width]);
    return tf.transpose(narrower, [0, 1, 3, 2]) as tf.Tensor4D;
  });
}

/** Matrix [side × side] that interpolates linearly to `length` values from `offset` on, with 0 around them. */
function shrink(side: number, { length, offset }: { length: number; offset: number }): tf.Tensor2D {
  const values = new Float32Array(side * side);
  for (let i = 0; i < length; i++) {
    const at = length === 1 ? 0 : (i * (side - 1)) / (length - 1);
    const low = Math.min(Math.floor(at), side - 2);
    values[low * side + offset + i] = 1 - (at - low);
    values[(low + 1) * side + offset + i] = at - low;
  }
  return tf.tensor2d(values, [side, side]);
}

/**
 * Images that descend a loss of their own before they are classified, as purifiers do; an attack on the classifier as it stands need not
 * see through the descent.
 *
 * Source: the kind of defense that Croce et al., "Evaluating the Adversarial Robustness of Adaptive Test-time Defenses",
 * ICML 2022, https://arxiv.org/abs/2202.13711, break.
 */
export function purified(of: Classifier): Classifier {
  const roughness = (x: tf.Tensor) => tf.sum(tf.square(tf.sub(x, tf.mean(x, [1, 2], true))));
  return through(of, (x) => tf.sub(x, tf.mul(0.01, tf.grad(roughness)(x))) as tf.Tensor4D);
}

/**
 * The activation k-WTA: of each image's units only so many winners pass, the others are 0. The loss then jumps all around.
 *
 * Source: Xiao et al., "Enhancing Adversarial Defense by k-Winners-Take-All", ICLR 2020, https://arxiv.org/abs/1905.10510; broken in
 * Tramèr et al., "On Adaptive Attacks to Adversarial Example Defenses", NeurIPS 2020, https://arxiv.org/abs/2002.08347, §5.
 * @param share of the units that pass, in (0, 1]
 */
export function kWinners(share: number): (units: tf.Tensor2D) => tf.Tensor2D {
  return (units) => {
    // Which units win has no gradient, and top-k none on any backend.
    const winners = tf.customGrad((input) => {
      const values = input as tf.Tensor2D;
      const { values: largest } = tf.topk(values, Math.ceil(share * values.shape[1]));
      const threshold = tf.min(largest, 1, true);
      return {
        value: tf.cast(tf.greaterEqual(values, threshold), 'float32'),
        gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy),
      };
    });
    return tf.mul(units, winners(units)) as tf.Tensor2D;
  };
}

export interface BrokenDefense {
  readonly id: string;
  /** The defended classifier; `of` stays its own owner. */
  defend(of: Classifier): Classifier;
  /** Ids of the flags that it must raise. */
  readonly flags: readonly string[];
}

/** The defenses that are put around a net. k-WTA is a net of its own. */
export const brokenDefenses: readonly BrokenDefense[] = [
  { id: 'rounded', defend: rounded, flags: ['zero-gradient-at-start', 'unavailable-gradients', 'active-test'] },
  { id: 'compressed', defend: compressed, flags: ['zero-gradient-at-start', 'unavailable-gradients', 'active-test'] },
  {
    id: 'gradient-killer',
    defend: gradientKiller,
    flags: [
      'zero-gradients',
      'zero-gradient-at-start',
      'unavailable-gradients',
      'active-test',
      'black-box-beats-white-box',
    ],
  },
  { id: 'shattered-sign', defend: shatteredSign, flags: ['active-test', 'black-box-beats-white-box'] },
  { id: 'hot', defend: hot, flags: ['float-underflow'] },
  { id: 'softmaxed', defend: softmaxed, flags: ['softmax-output'] },
  { id: 'random-resize', defend: randomResize, flags: ['randomised'] },
  { id: 'purified', defend: purified, flags: ['gradients-in-forward-pass'] },
];
