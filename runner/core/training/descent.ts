/**
 * Stochastic gradient descent. Every draw (order of the images, dropped units) is a function of seed, phase and epoch or step, so an
 * epoch depends on nothing but the state before it.
 */
import * as tf from '@tensorflow/tfjs';
import type { Architecture, Dropout } from '../models/architecture.ts';
import { exampleRandom } from '../random.ts';
import { augment } from './augmentation.ts';
import { averaged, gather, shuffle, toArrays, toTensors } from './batches.ts';
import { diverged, notFinite } from './finite.ts';
import type { Phase } from './method.ts';
import { crossEntropy, differentiate, namedParameters, type Objective, type StepResult } from './objective.ts';
import { optimisers, type Slots } from './optimiser.ts';
import type { DescentOptions } from './options.ts';
import { ratesAt } from './rates.ts';
import type { Weights } from './state.ts';

/** What an epoch learns from. */
export interface TrainingData {
  /** Pixels in [0, 1], float32 [count, height, width, channels]. */
  readonly x: Float32Array;
  /** Probability of each class, float32 [count, classes]; rows sum to 1. */
  readonly labels: Float32Array;
  readonly count: number;
}

/** What moves while a net is trained. */
export interface Moving {
  readonly weights: Weights;
  /** What the optimiser remembers, by slot. */
  readonly slots: Readonly<Record<string, Weights>>;
  /** Running mean of the weights, where one is taken. */
  readonly average?: Weights | undefined;
}

export interface EpochInput extends Moving {
  readonly architecture: Architecture;
  readonly options: DescentOptions;
  /** What is trained; its name is part of the key of every draw. */
  readonly phase: Phase;
  readonly seed: number;
  /** Epochs of the phase done before this one. */
  readonly epoch: number;
  readonly data: TrainingData;
  readonly signal?: AbortSignal;
  readonly onStep?: (done: number, of: number) => void;
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

/** Gradients with those of the penalties λ/2 · ‖w‖² and λ · ‖w‖₁ on every weight that is not a bias. */
function penalised(
  gradients: readonly tf.Tensor[],
  parameters: readonly tf.Tensor[],
  { parameters: named }: Architecture,
  { weightDecay, l1 }: DescentOptions,
): readonly tf.Tensor[] {
  if (weightDecay === 0 && l1 === 0) return gradients;
  return gradients.map((gradient, i) => {
    if (named[i]?.fan === null) return gradient;
    const w = parameters[i] as tf.Tensor;
    return tf.add(gradient, tf.add(tf.mul(w, weightDecay), tf.mul(tf.sign(w), l1)));
  });
}

/** What moves, on the device. */
interface Live {
  readonly parameters: readonly tf.Tensor[];
  readonly slots: Slots;
  readonly average: readonly tf.Tensor[] | null;
  readonly carried: tf.Tensor4D | null;
}

/**
 * One pass over the data.
 * @returns what has moved, and the mean loss over the steps
 * @throws the signal's reason when it is aborted, between two steps; ParapetError 'misbehaved' when a loss or a weight is not finite
 */
export async function runEpoch(input: EpochInput): Promise<Moving & { loss: number }> {
  const { architecture, options, phase, seed, epoch, data } = input;
  const { replays = 1, name: stream } = phase;
  const order = shuffle(data.count, seed, stream, epoch);
  const steps = replays * Math.ceil(data.count / options.batchSize);
  const optimiser = optimisers[options.optimiser];
  let live: Live = {
    parameters: toTensors(architecture.parameters, input.weights),
    slots: Object.fromEntries(
      optimiser.slots.map((slot) => [slot, toTensors(architecture.parameters, input.slots[slot] as Weights)]),
    ),
    average: input.average === undefined ? null : toTensors(architecture.parameters, input.average),
    carried: null,
  };
  let lossSum = 0;
  try {
    for (let step = 0; step < steps; step++) {
      input.signal?.throwIfAborted();
      const first = Math.floor(step / replays) * options.batchSize;
      const rows = order.subarray(first, first + options.batchSize);
      const taken = () => takeStep(input, live, rows, step, steps) as unknown as tf.TensorContainer;
      const [loss, next] = tf.tidy(taken) as unknown as [tf.Scalar, Live];
      tf.dispose(live as unknown as tf.TensorContainer);
      live = next;
      const value = (await loss.data())[0] as number;
      loss.dispose();
      if (!Number.isFinite(value)) {
        throw diverged(`the loss is ${value} at step ${step + 1} of ${steps} in epoch ${epoch + 1} of '${stream}'`);
      }
      lossSum += value;
      input.onStep?.(step + 1, steps);
    }
    const weights = await toArrays(architecture.parameters, live.parameters);
    const average = live.average === null ? undefined : await toArrays(architecture.parameters, live.average);
    // The last step may have left what its own loss did not show.
    const wrong = notFinite(weights) ?? notFinite(average ?? {});
    if (wrong !== null) throw diverged(`${wrong} after epoch ${epoch + 1} of '${stream}'`);
    return {
      weights,
      slots: Object.fromEntries(
        await Promise.all(
          Object.entries(live.slots).map(async ([slot, tensors]) => [
            slot,
            await toArrays(architecture.parameters, tensors),
          ]),
        ),
      ),
      average,
      loss: lossSum / steps,
    };
  } finally {
    tf.dispose(live as unknown as tf.TensorContainer);
  }
}

function takeStep(input: EpochInput, live: Live, rows: Int32Array, step: number, steps: number): [tf.Scalar, Live] {
  const { architecture, options, phase, seed, epoch, data } = input;
  const { name: stream } = phase;
  const size = architecture.inputShape.reduce((product, side) => product * side, 1);
  const done = epoch * steps + step;
  const time = epoch + step / steps;
  const seen = augment(gather(data.x, rows, size), architecture.inputShape, [...rows], options, {
    seed,
    stream,
    epoch,
  });
  const result = (phase.objective ?? learnLabels(phase.temperature))({
    architecture,
    parameters: live.parameters,
    weights: namedParameters(architecture, live.parameters),
    x: tf.tensor4d(seen, [rows.length, ...architecture.inputShape]),
    labels: tf.tensor2d(gather(data.labels, rows, architecture.classes), [rows.length, architecture.classes]),
    dropout: dropoutFor(options.dropout, seed, stream, done),
    time,
    seed,
    stream,
    step: done,
    carried: live.carried ?? undefined,
  });
  return [result.loss, moved(input, live, result, time, done)];
}

function moved(
  { architecture, options, phase }: EpochInput,
  live: Live,
  result: StepResult,
  time: number,
  done: number,
): Live {
  const { parameters, slots } = optimisers[options.optimiser].move({
    parameters: live.parameters,
    gradients: penalised(result.gradients, live.parameters, architecture, options),
    slots: live.slots,
    ...ratesAt(options, phase.epochs, time),
    done,
  });
  const average = live.average === null ? null : averaged(live.average, parameters, options.averageDecay, done);
  return { parameters, slots, average, carried: result.carried ?? null };
}

/** The objective of standard training and of distillation. */
export function learnLabels(temperature: number): Objective {
  return (step) => differentiate(step, ({ scores }) => crossEntropy(scores(step.x), step.labels, temperature));
}
