/** A data set and nets that take a second to train: large enough to be attacked, small enough for a test. */
import * as tf from '@tensorflow/tfjs';
import type { Examples } from '../datasets/dataset.ts';
import type { Classifier } from '../models/classifier.ts';
import { projectTensor } from '../projections.ts';
import { exampleRandom } from '../random.ts';
import { oneHot, signOf } from '../tensors.ts';

const SIDE = 8;
const SIZE = SIDE * SIDE;
const CLASSES = 4;

/** Radius of the L∞ ball in which the undefended net falls, and that one may be trained to withstand. */
export const smallEpsilon = 0.24;

/**
 * Images of 8×8 pixels in four classes: blobs of low frequency with noise on every pixel, and a faint pattern of high frequency
 * that tells the class apart as well, which a net learns unless it is taught not to.
 * @param first index of the first example, so that training and test sets do not overlap
 */
export function smallExamples(count: number, first = 0): Examples {
  const random = exampleRandom(3, 'small');
  const indices = Int32Array.from({ length: count }, (_, i) => first + i);
  const noise = random.normal(indices, 0, SIZE);
  const faint = random.normal(
    Array.from({ length: CLASSES }, (_, c) => c),
    1,
    SIZE,
  );
  const y = indices.map((i) => i % CLASSES);
  const x = new Float32Array(count * SIZE);
  for (let i = 0; i < x.length; i++) {
    const pixel = i % SIZE;
    const label = y[Math.floor(i / SIZE)] as number;
    const pattern = Math.sign(faint[label * SIZE + pixel] as number);
    const value = blob(label, Math.floor(pixel / SIDE), pixel % SIDE) + 0.12 * pattern + 0.08 * (noise[i] as number);
    x[i] = Math.min(1, Math.max(0, value));
  }
  return { x, y, count };
}

/** A cosine of low frequency, in another direction for each class. */
function blob(label: number, row: number, column: number): number {
  const [u, v] = [
    [1, 0],
    [0, 1],
    [1, 1],
    [2, 0],
  ][label] as [number, number];
  const wave = Math.cos((Math.PI * (row + 0.5) * u) / SIDE) * Math.cos((Math.PI * (column + 0.5) * v) / SIDE);
  return 0.5 + 0.4 * wave;
}

type Activation = (units: tf.Tensor2D) => tf.Tensor2D;

/** What a small net is trained with. */
export interface SmallTraining {
  /** Radius of the balls in which PGD looks for the images to train on; 0 for plain training. */
  readonly epsilon?: number;
  /** In place of ReLU. */
  readonly activation?: Activation;
  /** Units of each hidden layer. */
  readonly hidden?: number;
}

function shapesOf(hidden: number) {
  return [[SIZE, hidden], [hidden], [hidden, hidden], [hidden], [hidden, CLASSES], [CLASSES]] as const;
}

/** Two hidden layers, trained on 240 images; the same net each time on one backend. It owns no tensors. */
export async function trainedNet({
  epsilon = 0,
  activation = tf.relu,
  hidden = 32,
}: SmallTraining = {}): Promise<Classifier> {
  const shapes = shapesOf(hidden);
  const { x, y, count } = smallExamples(240, 1000);
  const random = exampleRandom(9, 'weights');
  const variables = shapes.map((shape, i) => {
    const size = shape.reduce((product, side) => product * side, 1);
    const scale = shape.length === 1 ? 0 : Math.sqrt(2 / shape[0]);
    const values = random.normal([i], 0, size).map((value) => scale * value);
    return tf.variable(tf.tensor(values, [...shape]));
  });
  const optimizer = tf.train.adam(0.01);
  const images = tf.tensor4d(x, [count, SIDE, SIDE, 1]);
  const labels = oneHot(y, CLASSES);
  const loss = (input: tf.Tensor4D) =>
    tf.losses.softmaxCrossEntropy(labels, forward(variables, input, activation)) as tf.Scalar;
  for (let step = 0; step < (epsilon > 0 ? 100 : 60); step++) {
    const seen = epsilon > 0 ? worst(images, loss, epsilon, step) : images;
    optimizer.minimize(() => loss(seen));
    if (seen !== images) seen.dispose();
  }
  const weights = await Promise.all(variables.map((variable) => variable.data<'float32'>()));
  const copies = weights.map((values) => values.slice());
  tf.dispose([images, labels, ...variables]);
  optimizer.dispose();
  return {
    inputShape: [SIDE, SIDE, 1],
    classes: CLASSES,
    logits: (input) =>
      tf.tidy(() => {
        const tensors = copies.map((values, i) => tf.tensor(values.slice(), [...(shapes[i] as readonly number[])]));
        return forward(tensors, input, activation);
      }),
    dispose: () => {},
  };
}

function forward(weights: readonly tf.Tensor[], x: tf.Tensor4D, activation: Activation): tf.Tensor2D {
  let units = tf.reshape(x, [x.shape[0], SIZE]) as tf.Tensor2D;
  for (let layer = 0; layer < weights.length; layer += 2) {
    units = tf.add(tf.matMul(units, weights[layer] as tf.Tensor2D), weights[layer + 1] as tf.Tensor1D);
    if (layer + 2 < weights.length) units = activation(units);
  }
  return units;
}

/** Images in the ball where the loss is high: five steps of PGD from a random start. */
function worst(x: tf.Tensor4D, loss: (x: tf.Tensor4D) => tf.Scalar, epsilon: number, draw: number): tf.Tensor4D {
  const start = exampleRandom(4, 'start').uniform([0], draw, x.size);
  return tf.tidy(() => {
    const noise = tf.mul(tf.sub(tf.tensor4d(start, x.shape), 0.5), 2 * epsilon);
    let at = projectTensor(x, tf.add(x, noise), 'Linf', epsilon);
    for (let step = 0; step < 5; step++) {
      const up = tf.mul(signOf(tf.grad((input) => loss(input as tf.Tensor4D))(at) as tf.Tensor4D), epsilon / 3);
      at = projectTensor(x, tf.add(at, up), 'Linf', epsilon);
    }
    return at;
  });
}
