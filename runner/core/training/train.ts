import * as tf from '@tensorflow/tfjs';
import type { Examples } from '../datasets/dataset.ts';
import { ParapetError } from '../errors.ts';
import { type Architecture, batchStatistic, prepared } from '../models/architecture.ts';
import { runEpoch, type TrainingData } from './descent.ts';
import { initialWeights } from './initial-weights.ts';
import type { Phase, TrainingMethod } from './method.ts';
import type { DescentOptions } from './options.ts';
import type { TrainingState, Weights } from './state.ts';

/** What is told after each epoch. */
export interface EpochReport {
  readonly phase: string;
  /** Epochs of the phase that are done, of how many. */
  readonly epoch: number;
  readonly epochs: number;
  /** Mean training loss of the epoch. */
  readonly loss: number;
}

export interface TrainingInput {
  readonly architecture: Architecture;
  readonly method: TrainingMethod;
  /** Checked by the method's schema. */
  readonly options: DescentOptions;
  readonly data: Examples;
  readonly seed: number;
  /** Where to go on; from the start when absent. */
  readonly state?: TrainingState;
  readonly signal?: AbortSignal;
  readonly onStep?: (phase: string, epoch: number, done: number, of: number) => void;
  /** Awaited after each epoch, with the state to store. */
  readonly onEpoch?: (report: EpochReport, state: TrainingState) => Promise<void> | void;
}

const LABEL_BATCH = 500;

/** The images that the recipe learns from. */
function subsetOf({ x, y, count }: Examples, subset: DescentOptions['subset']): Examples {
  if (subset === 'all') return { x, y, count };
  const half = Math.floor(count / 2);
  const [start, end] = subset === 'first-half' ? [0, half] : [half, count];
  const size = x.length / count;
  return { x: x.subarray(start * size, end * size), y: y.subarray(start, end), count: end - start };
}

/** Probabilities of every image at a temperature, by a net without dropout. */
async function softLabels(architecture: Architecture, weights: Weights, data: Examples, temperature: number) {
  const labels = new Float32Array(data.count * architecture.classes);
  const size = architecture.inputShape.reduce((product, side) => product * side, 1);
  for (let start = 0; start < data.count; start += LABEL_BATCH) {
    const count = Math.min(LABEL_BATCH, data.count - start);
    const probabilities = tf.tidy(() => {
      const named = Object.fromEntries(
        architecture.parameters.map(({ name, shape }) => [name, tf.tensor(weights[name] as Float32Array, [...shape])]),
      );
      const x = tf.tensor4d(data.x.subarray(start * size, (start + count) * size), [count, ...architecture.inputShape]);
      return tf.softmax(tf.div(architecture.forward(prepared(architecture, named), x), temperature));
    });
    labels.set(await probabilities.data<'float32'>(), start * architecture.classes);
    probabilities.dispose();
  }
  return labels;
}

function hardLabels(classes: number, data: Examples): Float32Array {
  const labels = new Float32Array(data.count * classes);
  for (let i = 0; i < data.count; i++) labels[i * classes + (data.y[i] as number)] = 1;
  return labels;
}

function zeros(weights: Weights): Weights {
  return Object.fromEntries(Object.entries(weights).map(([name, values]) => [name, new Float32Array(values.length)]));
}

function startOf(
  phase: Phase,
  index: number,
  input: TrainingInput,
  finished: TrainingState['finished'],
): TrainingState {
  const weights =
    phase.start === 'random'
      ? initialWeights(input.architecture, input.seed)
      : (finished[phase.start.phase] as Weights);
  return { phase: index, epoch: 0, weights, velocity: zeros(weights), finished };
}

async function labelsOf(
  phase: Phase,
  input: TrainingInput,
  finished: TrainingState['finished'],
): Promise<Float32Array> {
  const { labels } = phase;
  if (labels === 'classes') return hardLabels(input.architecture.classes, input.data);
  return softLabels(input.architecture, finished[labels.phase] as Weights, input.data, labels.temperature);
}

/** A step of descent uses and moves what a net learns; statistics would have to be measured beside it. */
function refuseStatistics(architecture: Architecture): void {
  const statistic = batchStatistic(architecture);
  if (statistic === null) return;
  throw new ParapetError(
    'submission',
    `recipe: ${architecture.id} keeps statistics of its training batches ('${statistic}'), which recipes do not measure`,
    'name an architecture without batch normalisation, or train elsewhere and submit the weights',
  );
}

/**
 * Runs a recipe's phases, from the start or from a state.
 * @returns the last phase's weights
 * @throws ParapetError 'submission' for a net with batch normalisation, 'misbehaved' when the loss is no longer finite
 */
export async function train(whole: TrainingInput): Promise<Weights> {
  refuseStatistics(whole.architecture);
  const input = { ...whole, data: subsetOf(whole.data, whole.options.subset) };
  const phases = input.method.phases(input.options);
  let state = input.state ?? startOf(phases[0] as Phase, 0, input, {});
  for (;;) {
    const phase = phases[state.phase] as Phase;
    const data: TrainingData = {
      x: input.data.x,
      count: input.data.count,
      labels: await labelsOf(phase, input, state.finished),
    };
    while (state.epoch < phase.epochs) {
      const { epoch } = state;
      const onStep = input.onStep;
      const next = await runEpoch({
        architecture: input.architecture,
        options: input.options,
        phase,
        seed: input.seed,
        epoch,
        data,
        weights: state.weights,
        velocity: state.velocity,
        ...(input.signal && { signal: input.signal }),
        ...(onStep && { onStep: (done: number, of: number) => onStep(phase.name, epoch, done, of) }),
      });
      if (!Number.isFinite(next.loss)) {
        throw new ParapetError(
          'misbehaved',
          `training: the loss is ${next.loss} after epoch ${epoch + 1} of '${phase.name}'`,
          'lower recipe.options.learningRate',
        );
      }
      state = { ...state, epoch: epoch + 1, weights: next.weights, velocity: next.velocity };
      await input.onEpoch?.({ phase: phase.name, epoch: epoch + 1, epochs: phase.epochs, loss: next.loss }, state);
    }
    const finished = { ...state.finished, [phase.name]: state.weights };
    if (state.phase + 1 === phases.length) return state.weights;
    state = startOf(phases[state.phase + 1] as Phase, state.phase + 1, input, finished);
  }
}
