/**
 * A generative adversarial net: the discriminator D learns to tell real images from those that the generator G makes of random vectors z,
 * and G to be taken for real. D descends on softplus(−D(x)) + softplus(D(G(z))) + γ/2 · ‖∇D(x)‖², G on softplus(−D(G(z))), in turn.
 *
 * Sources: Goodfellow et al., "Generative Adversarial Nets", NIPS 2014, https://arxiv.org/abs/1406.2661, §3 (the loss of G that does not
 * saturate); Mescheder et al., "Which Training Methods for GANs do actually Converge?", ICML 2018, https://arxiv.org/abs/1801.04406, §4.1:
 * the penalty R₁ on slopes at real images, with which training settles.
 */
import * as tf from '@tensorflow/tfjs';
import type { Examples } from '../../datasets/dataset.ts';
import { ParapetError } from '../../errors.ts';
import type { Parameter } from '../../models/architecture.ts';
import { exampleRandom } from '../../random.ts';
import { averaged, gather, shuffle, toArrays, toTensors } from '../batches.ts';
import { notFinite } from '../finite.ts';
import { optimisers, type Slots } from '../optimiser.ts';
import type { Weights } from '../state.ts';
import { type Discriminator, type Generator, LATENT, type Named } from './nets.ts';
import type { GanOptions } from './options.ts';

/** A net that moves: its weights and what the optimiser remembers. */
export interface Moving {
  readonly weights: Weights;
  readonly slots: Readonly<Record<string, Weights>>;
}

export interface GanState {
  /** Epochs that are done. */
  readonly epoch: number;
  readonly generator: Moving;
  readonly discriminator: Moving;
  /** Running mean of the generator's weights: the net that makes the samples. */
  readonly average: Weights;
  readonly history: readonly GanPoint[];
}

/** Means over a few steps. */
export interface GanPoint {
  /** Epochs that were done at the end of these steps. */
  readonly epoch: number;
  readonly discriminatorLoss: number;
  readonly generatorLoss: number;
  /** ‖∇D(x)‖² at real images, before its weight. */
  readonly penalty: number;
  /** Shares of real and of made images that the discriminator took for what they are. */
  readonly accuracyReal: number;
  readonly accuracyMade: number;
}

export interface GanEpochInput {
  readonly generator: Generator;
  readonly discriminator: Discriminator;
  readonly options: GanOptions;
  readonly data: Examples;
  readonly shape: readonly [number, number, number];
  readonly seed: number;
  readonly state: GanState;
  readonly signal?: AbortSignal | undefined;
  readonly onStep?: ((done: number, of: number) => void) | undefined;
}

/** Steps to a point of the history. */
const PERIOD = 50;

interface Live {
  readonly generator: LiveNet;
  readonly discriminator: LiveNet;
  readonly average: readonly tf.Tensor[];
}

interface LiveNet {
  readonly parameters: readonly tf.Tensor[];
  readonly slots: Slots;
}

/** @throws the signal's reason when it is aborted, between two steps; ParapetError 'misbehaved' when a loss or a weight is not finite */
export async function runGanEpoch(input: GanEpochInput): Promise<GanState> {
  const { generator, discriminator, options, data, seed, state } = input;
  const order = shuffle(data.count, seed, 'gan', state.epoch);
  const steps = Math.ceil(data.count / options.batchSize);
  const history = [...state.history];
  let live: Live = {
    generator: onDevice(generator.parameters, state.generator),
    discriminator: onDevice(discriminator.parameters, state.discriminator),
    average: toTensors(generator.parameters, state.average),
  };
  let seen: number[][] = [];
  try {
    for (let step = 0; step < steps; step++) {
      input.signal?.throwIfAborted();
      const rows = order.subarray(step * options.batchSize, (step + 1) * options.batchSize);
      const taken = () => takeStep(input, live, rows, state.epoch * steps + step) as unknown as tf.TensorContainer;
      const [measured, next] = tf.tidy(taken) as unknown as [tf.Tensor1D, Live];
      tf.dispose(live as unknown as tf.TensorContainer);
      live = next;
      const values = [...(await measured.data())];
      measured.dispose();
      if (!values.every(Number.isFinite)) {
        throw diverged(`a loss is not finite at step ${step + 1} of ${steps} in epoch ${state.epoch + 1}`);
      }
      seen.push(values);
      if (seen.length === PERIOD || step + 1 === steps) {
        history.push(pointOf(seen, state.epoch + (step + 1) / steps));
        seen = [];
      }
      input.onStep?.(step + 1, steps);
    }
    const next: GanState = {
      epoch: state.epoch + 1,
      generator: await offDevice(generator.parameters, live.generator),
      discriminator: await offDevice(discriminator.parameters, live.discriminator),
      average: await toArrays(generator.parameters, live.average),
      history,
    };
    assertFinite(next);
    return next;
  } finally {
    tf.dispose(live as unknown as tf.TensorContainer);
  }
}

/** One step of the discriminator and one of the generator. */
function takeStep(input: GanEpochInput, live: Live, rows: Int32Array, done: number): [tf.Tensor1D, Live] {
  const { generator, discriminator, options, data, shape, seed } = input;
  const size = shape[0] * shape[1] * shape[2];
  const real = tf.tensor4d(gather(data.x, rows, size), [rows.length, ...shape]);
  const made = generator.forward(
    named(generator.parameters, live.generator.parameters),
    latents(seed, done, 0, rows.length),
  );

  const judged = discriminatorLoss(input, live.discriminator.parameters, real, made);
  const nextDiscriminator = moved(live.discriminator, judged.gradients, options, done);
  const judge = named(discriminator.parameters, nextDiscriminator.parameters);

  const z = latents(seed, done, 1, rows.length);
  const { value, grads } = tf.valueAndGrads((...parameters: tf.Tensor[]) => {
    const images = generator.forward(named(generator.parameters, parameters), z);
    return tf.mean(tf.softplus(tf.neg(discriminator.forward(judge, images))));
  })([...live.generator.parameters]);
  const nextGenerator = moved(live.generator, grads, options, done);
  const average = averaged(live.average, nextGenerator.parameters, options.averageDecay, done);
  const measured = tf.stack([judged.loss, value as tf.Scalar, judged.penalty, ...judged.accuracies]) as tf.Tensor1D;
  return [measured, { generator: nextGenerator, discriminator: nextDiscriminator, average }];
}

function discriminatorLoss(
  { discriminator, options }: GanEpochInput,
  parameters: readonly tf.Tensor[],
  real: tf.Tensor4D,
  made: tf.Tensor4D,
) {
  const kept: tf.Tensor[] = [];
  const keep = <T extends tf.Tensor>(tensor: T): T => {
    kept.push(tf.keep(tensor));
    return tensor;
  };
  const { value, grads } = tf.valueAndGrads((...moving: tf.Tensor[]) => {
    const judge = named(discriminator.parameters, moving);
    const scores = discriminator.forward(judge, tf.concat([real, made]) as tf.Tensor4D);
    const [ofReal, ofMade] = tf.split(scores, 2) as [tf.Tensor2D, tf.Tensor2D];
    const slopes = tf.grad((x: tf.Tensor) => tf.sum(discriminator.forward(judge, x as tf.Tensor4D)))(real);
    const penalty = keep(tf.div(tf.sum(tf.square(slopes)), real.shape[0]));
    keep(ofReal);
    keep(ofMade);
    const losses = tf.add(tf.mean(tf.softplus(tf.neg(ofReal))), tf.mean(tf.softplus(ofMade)));
    return keep(losses).add(tf.mul(penalty, options.penaltyWeight / 2)) as tf.Scalar;
  })([...parameters]);
  // Clones, which the step's tidy owns.
  const [penalty, ofReal, ofMade, loss] = kept.map((tensor) => tensor.clone()) as [
    tf.Scalar,
    tf.Tensor,
    tf.Tensor,
    tf.Scalar,
  ];
  tf.dispose([kept, value]);
  const share = (right: tf.Tensor) => tf.mean(tf.cast(right, 'float32')) as tf.Scalar;
  const accuracies = [share(tf.greater(ofReal, 0)), share(tf.less(ofMade, 0))];
  return { loss, penalty, accuracies, gradients: grads };
}

function moved(net: LiveNet, gradients: readonly tf.Tensor[], options: GanOptions, done: number): LiveNet {
  const { learningRate, momentum } = options;
  return optimisers.adam.move({ ...net, gradients, learningRate, momentum, done });
}

/** @param purpose 0 for images to judge, 1 for images to learn from */
function latents(seed: number, step: number, purpose: 0 | 1, count: number): tf.Tensor2D {
  const rows = Array.from({ length: count }, (_, row) => row);
  return tf.tensor2d(exampleRandom(seed, 'gan/latent').normal(rows, 2 * step + purpose, LATENT), [count, LATENT]);
}

function named(parameters: readonly Parameter[], tensors: readonly tf.Tensor[]): Named {
  return Object.fromEntries(parameters.map(({ name }, i) => [name, tensors[i] as tf.Tensor]));
}

function onDevice(parameters: readonly Parameter[], { weights, slots }: Moving): LiveNet {
  return {
    parameters: toTensors(parameters, weights),
    slots: Object.fromEntries(Object.entries(slots).map(([slot, values]) => [slot, toTensors(parameters, values)])),
  };
}

async function offDevice(parameters: readonly Parameter[], net: LiveNet): Promise<Moving> {
  const slots = Object.entries(net.slots).map(async ([slot, values]) => [slot, await toArrays(parameters, values)]);
  return {
    weights: await toArrays(parameters, net.parameters),
    slots: Object.fromEntries(await Promise.all(slots)),
  };
}

function pointOf(steps: readonly (readonly number[])[], epoch: number): GanPoint {
  const mean = (column: number) => steps.reduce((sum, values) => sum + (values[column] as number), 0) / steps.length;
  return {
    epoch,
    discriminatorLoss: mean(0),
    generatorLoss: mean(1),
    penalty: mean(2),
    accuracyReal: mean(3),
    accuracyMade: mean(4),
  };
}

/** The last step may have left what its own loss did not show. */
function assertFinite({ epoch, generator, discriminator }: GanState): void {
  for (const [net, { weights }] of Object.entries({ generator, discriminator })) {
    const wrong = notFinite(weights);
    if (wrong !== null) throw diverged(`${wrong} in the ${net} after epoch ${epoch}`);
  }
}

function diverged(what: string): ParapetError {
  return new ParapetError(
    'misbehaved',
    `gan: ${what}`,
    'try another --seed, with --no-resume or another --out; samples and history of the epochs before are in the folder',
  );
}
