/**
 * Stochastic gradient descent with momentum: v ← μ·v − λ·∇L, w ← w + v. Every draw (order of the images, dropped units)
 * is a function of seed, phase and epoch or step, so an epoch depends on nothing but the state before it.
 */
import * as tf from '@tensorflow/tfjs';
import { type Architecture, type Dropout, prepared } from '../models/architecture.ts';
import { exampleRandom } from '../random.ts';
import { adversarialImages } from './adversary.ts';
import { augment } from './augmentation.ts';
import type { Phase } from './method.ts';
import type { DescentOptions } from './options.ts';
import type { Weights } from './state.ts';

/** What an epoch learns from. */
export interface TrainingData {
  /** Pixels in [0, 1], float32 [count, height, width, channels]. */
  readonly x: Float32Array;
  /** Probability of each class, float32 [count, classes]; rows sum to 1. */
  readonly labels: Float32Array;
  readonly count: number;
}

export interface EpochInput {
  readonly architecture: Architecture;
  readonly options: DescentOptions;
  /** What is trained; its name is part of the key of every draw. */
  readonly phase: Phase;
  readonly seed: number;
  /** Epochs of the phase done before this one. */
  readonly epoch: number;
  readonly data: TrainingData;
  readonly weights: Weights;
  readonly velocity: Weights;
  readonly signal?: AbortSignal;
  readonly onStep?: (done: number, of: number) => void;
}

/** The order in which an epoch meets the images: a Fisher–Yates shuffle of 0 … count − 1. */
function shuffle(count: number, seed: number, stream: string, epoch: number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i);
  const draws = exampleRandom(seed, `order/${stream}`).uniform([0], epoch, count);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor((draws[i] as number) * (i + 1));
    const swapped = order[i] as number;
    order[i] = order[j] as number;
    order[j] = swapped;
  }
  return order;
}

/** Rows `indices` of a row-major matrix. */
function gather(values: Float32Array, indices: Int32Array, size: number): Float32Array {
  const rows = new Float32Array(indices.length * size);
  for (const [row, index] of indices.entries()) rows.set(values.subarray(index * size, (index + 1) * size), row * size);
  return rows;
}

/** Inverted dropout: a unit stays with probability 1 − rate and is then scaled by 1 / (1 − rate). */
function dropoutFor(rate: number, seed: number, stream: string, step: number): Dropout | undefined {
  if (rate === 0) return undefined;
  return (activations, layer) => {
    const [batch, units] = activations.shape;
    const draws = exampleRandom(seed, `dropout/${stream}/${layer}`).uniform([0], step, batch * units);
    const mask = draws.map((u) => (u < rate ? 0 : 1 / (1 - rate)));
    return tf.mul(activations, tf.tensor2d(mask, [batch, units]));
  };
}

/** Mean cross-entropy of softmax(logits / temperature) against `labels`. */
function crossEntropy(logits: tf.Tensor2D, labels: tf.Tensor2D, temperature: number): tf.Scalar {
  const logProbabilities = tf.logSoftmax(tf.div(logits, temperature));
  return tf.neg(tf.mean(tf.sum(tf.mul(labels, logProbabilities), 1))) as tf.Scalar;
}

/** Factor on the learning rate at a time of a phase, in epochs. */
function annealing({ epochs, annealEpochs = 0 }: Phase, time: number): number {
  return annealEpochs === 0 ? 1 : Math.min(1, (epochs - time) / annealEpochs);
}

const toTensors = (architecture: Architecture, values: Weights) =>
  architecture.parameters.map(({ name, shape }) => tf.tensor(values[name] as Float32Array, [...shape]));

async function toArrays(architecture: Architecture, tensors: readonly tf.Tensor[]): Promise<Weights> {
  const values = await Promise.all(tensors.map((tensor) => tensor.data<'float32'>()));
  return Object.fromEntries(architecture.parameters.map(({ name }, i) => [name, values[i] as Float32Array]));
}

/**
 * One pass over the data.
 * @returns new weights and velocity, and the mean loss over the steps
 * @throws the signal's reason when it is aborted, between two steps
 */
export async function runEpoch(input: EpochInput): Promise<{ weights: Weights; velocity: Weights; loss: number }> {
  const { architecture, options, phase, seed, epoch, data } = input;
  const { temperature, adversary, name: stream } = phase;
  const scale = options.decay ** Math.floor(epoch / options.decayDelay);
  const momentum = options.momentum * scale;
  const order = shuffle(data.count, seed, stream, epoch);
  const steps = Math.ceil(data.count / options.batchSize);
  const size = architecture.inputShape.reduce((product, side) => product * side, 1);
  let weights = toTensors(architecture, input.weights);
  let velocity = toTensors(architecture, input.velocity);
  let lossSum = 0;
  try {
    for (let step = 0; step < steps; step++) {
      input.signal?.throwIfAborted();
      const rows = order.subarray(step * options.batchSize, (step + 1) * options.batchSize);
      const dropout = dropoutFor(options.dropout, seed, stream, epoch * steps + step);
      const time = epoch + step / steps;
      const learningRate = options.learningRate * scale * annealing(phase, time);
      const [loss, nextWeights, nextVelocity] = tf.tidy(() => {
        const seen = augment(gather(data.x, rows, size), architecture.inputShape, [...rows], options, {
          seed,
          stream,
          epoch,
        });
        const clean = tf.tensor4d(seen, [rows.length, ...architecture.inputShape]);
        const labels = tf.tensor2d(gather(data.labels, rows, architecture.classes), [
          rows.length,
          architecture.classes,
        ]);
        const ready = (tensors: readonly tf.Tensor[]) =>
          prepared(
            architecture,
            Object.fromEntries(architecture.parameters.map(({ name }, i) => [name, tensors[i] as tf.Tensor])),
          );
        const key = { seed, stream, step: epoch * steps + step };
        const x =
          adversary === undefined
            ? clean
            : adversarialImages({ architecture, weights: ready(weights), adversary, time, x: clean, labels, ...key });
        const { value, grads } = tf.valueAndGrads((...tensors: tf.Tensor[]) =>
          crossEntropy(architecture.forward(ready(tensors), x, dropout), labels, temperature),
        )(weights);
        const moved = velocity.map((v, i) => tf.sub(tf.mul(v, momentum), tf.mul(grads[i] as tf.Tensor, learningRate)));
        return [value, weights.map((w, i) => tf.add(w, moved[i] as tf.Tensor)), moved] as const;
      }) as [tf.Scalar, tf.Tensor[], tf.Tensor[]];
      tf.dispose([weights, velocity]);
      weights = nextWeights;
      velocity = nextVelocity;
      lossSum += (await loss.data())[0] as number;
      loss.dispose();
      input.onStep?.(step + 1, steps);
    }
    return {
      weights: await toArrays(architecture, weights),
      velocity: await toArrays(architecture, velocity),
      loss: lossSum / steps,
    };
  } finally {
    tf.dispose([weights, velocity]);
  }
}
