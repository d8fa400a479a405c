/** Classifiers whose answer to an attack is known in closed form. They own no tensors: weights are made anew for each pass. */
import * as tf from '@tensorflow/tfjs';
import type { Classifier } from '../models/classifier.ts';
import { exampleRandom } from '../random.ts';
import { oneHot } from '../tensors.ts';

type Shape = Classifier['inputShape'];

const SHAPE: Shape = [4, 4, 1];

function classifier(logits: (x: tf.Tensor4D) => tf.Tensor, classes: number, inputShape: Shape = SHAPE): Classifier {
  return { inputShape, classes, logits: (x) => tf.tidy(() => logits(x) as tf.Tensor2D), dispose: () => {} };
}

const flat = (x: tf.Tensor4D) => tf.reshape(x, [x.shape[0], -1]);

/** A linear classifier with its weights in the open: z = x · weights + bias. */
export interface LinearClassifier extends Classifier {
  /** [values × classes] */
  readonly weights: Float32Array;
  /** [classes] */
  readonly bias: Float32Array;
}

export function linear(weights: Float32Array, bias: Float32Array, inputShape: Shape = SHAPE): LinearClassifier {
  const size = weights.length / bias.length;
  const logits = (x: tf.Tensor4D) =>
    tf.add(tf.matMul(flat(x), tf.tensor2d(weights.slice(), [size, bias.length])), tf.tensor1d(bias.slice()));
  return { ...classifier(logits, bias.length, inputShape), weights, bias };
}

/** A linear classifier with normal weights, balanced so that every class has logit 0 on the grey image. */
export function randomLinear(classes: number, seed: number, inputShape: Shape = SHAPE): LinearClassifier {
  const size = inputShape[0] * inputShape[1] * inputShape[2];
  const weights = exampleRandom(seed, 'linear').normal([0], 0, size * classes);
  const bias = new Float32Array(classes);
  for (let i = 0; i < weights.length; i++)
    bias[i % classes] = (bias[i % classes] as number) - 0.5 * (weights[i] as number);
  return linear(weights, bias, inputShape);
}

/** Class 1 outside a sphere around the grey image, class 0 inside: z = (radius², |x − 0.5|²). */
export function radial(radius: number): Classifier {
  return classifier((x) => {
    const square = tf.sum(tf.square(tf.sub(flat(x), 0.5)), 1, true);
    return tf.concat([tf.fill(square.shape, radius ** 2), square], 1);
  }, 2);
}

/** Class 0 for every image, by logits that do not depend on it. */
export function constant(classes: number): Classifier {
  return classifier((x) => tf.tile(oneHot([0], classes), [x.shape[0], 1]), classes);
}

/** Every logit the same, whatever the image: never right. */
export function tied(classes: number): Classifier {
  return classifier((x) => tf.mul(tf.sum(flat(x), 1, true), tf.ones([1, classes])), classes);
}

/** Class 1 where one value is above a half, else class 0; no other value matters. */
export function onePixel(index: number): Classifier {
  return classifier((x) => {
    const value = tf.slice(flat(x), [0, index], [x.shape[0], 1]);
    return tf.concat([tf.sub(1, value), value], 1);
  }, 2);
}

/** Logits times a factor: the same classes and robustness, but a softmax that is flat in float32. */
export function scaled(of: Classifier, factor: number): Classifier {
  return classifier((x) => tf.mul(of.logits(x), factor), of.classes, of.inputShape);
}

/** Logits plus a number: the same classes and robustness. */
export function shifted(of: Classifier, by: number): Classifier {
  return classifier((x) => tf.add(of.logits(x), by), of.classes, of.inputShape);
}

/** The same classes without scores: 1 for the class of the largest logit, 0 for the others. */
export function labelsOnly(of: Classifier): Classifier {
  const best = (z: tf.Tensor2D) => tf.cast(tf.equal(z, tf.max(z, 1, true)), 'float32');
  return classifier((x) => best(of.logits(x)), of.classes, of.inputShape);
}

/** NaN for every class where the first value is above a limit; its gradients are then NaN too. */
export function notANumberAbove(of: Classifier, limit: number): Classifier {
  return classifier(
    (x) => {
      const first = tf.slice(flat(x), [0, 0], [x.shape[0], 1]);
      return tf.add(of.logits(x), tf.mul(0, tf.log(tf.sub(limit, first))));
    },
    of.classes,
    of.inputShape,
  );
}

/** Class 1 above a mean of a half, by a step: right gradients are zero everywhere. Further classes are never predicted. */
export function step(classes = 2): Classifier {
  return classifier((x) => {
    const bright = tf.step(tf.sub(tf.mean(flat(x), 1, true), 0.5));
    const scores = [tf.sub(1, bright), bright];
    for (let c = 2; c < classes; c++) scores.push(tf.fill(bright.shape, -1));
    return tf.concat(scores, 1);
  }, classes);
}

/** Convolution, pooling, convolution, dense: the kinds of layer that the papers' nets have, with smooth activations; [8, 8, 1] to 3. */
export function smallNet(): Classifier {
  const random = exampleRandom(5, 'net');
  const filters1 = random.normal([0], 0, 3 * 3 * 4).map((v) => 0.4 * v);
  const filters2 = random.normal([1], 0, 2 * 2 * 4 * 3).map((v) => 0.4 * v);
  const dense = random.normal([2], 0, 12 * 3).map((v) => 0.6 * v);
  return {
    inputShape: [8, 8, 1],
    classes: 3,
    logits: (x) =>
      tf.tidy(() => {
        const first = tf.tanh(tf.conv2d(x, tf.tensor4d(filters1.slice(), [3, 3, 1, 4]), 1, 'valid'));
        const pooled = tf.maxPool(first as tf.Tensor4D, 2, 2, 'valid');
        const second = tf.tanh(tf.conv2d(pooled, tf.tensor4d(filters2.slice(), [2, 2, 4, 3]), 1, 'valid'));
        const flat = tf.reshape(second, [x.shape[0], 12]);
        return tf.matMul(flat, tf.tensor2d(dense.slice(), [12, 3])) as tf.Tensor2D;
      }),
    dispose: () => {},
  };
}

/** Normal noise on the image, another for every pass, the same sequence in every run: a defense that answers at random. */
export function noisy(of: Classifier, deviation: number): Classifier {
  const random = exampleRandom(1, 'noisy');
  let pass = 0;
  return classifier(
    (x) => {
      const noise = random.normal([0], pass++, of.inputShape[0] * of.inputShape[1] * of.inputShape[2]);
      const moved = tf.add(x, tf.mul(tf.tensor4d(noise, [1, ...of.inputShape]), deviation)) as tf.Tensor4D;
      return of.logits(moved);
    },
    of.classes,
    of.inputShape,
  );
}
