import * as tf from '@tensorflow/tfjs';
import type { Examples } from '../datasets/dataset.ts';
import { ParapetError } from '../errors.ts';
import { type Architecture, batchStatistic, opened } from '../models/architecture.ts';
import { zeros } from './batches.ts';
import { runEpoch, type TrainingData } from './descent.ts';
import { initialWeights } from './initial-weights.ts';
import type { Phase, TrainingMethod } from './method.ts';
import { optimisers } from './optimiser.ts';
import type { DescentOptions } from './options.ts';
import { divide } from './split.ts';
import type { TrainingState, Weights } from './state.ts';
import { type ValidationAccuracy, validate } from './validation.ts';

/** What is told after each epoch. */
export interface EpochReport {
  readonly phase: string;
  /** Epochs of the phase that are done, of how many. */
  readonly epoch: number;
  readonly epochs: number;
  /** Mean training loss of the epoch. */
  readonly loss: number;
  /** What the net as it stands does on the images that were held out; null without any. */
  readonly validation: ValidationAccuracy | null;
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
  /** @param done steps of the epoch @param share of the whole training, all phases together, that is done */
  readonly onStep?: (phase: string, epoch: number, done: number, share: number) => void;
  /** Awaited after each epoch, with the state to store. */
  readonly onEpoch?: (report: EpochReport, state: TrainingState) => Promise<void> | void;
}

const LABEL_BATCH = 500;

/** Probabilities of every image at a temperature, by a net without dropout. */
async function softLabels(architecture: Architecture, weights: Weights, data: Examples, temperature: number) {
  const labels = new Float32Array(data.count * architecture.classes);
  const size = architecture.inputShape.reduce((product, side) => product * side, 1);
  for (let start = 0; start < data.count; start += LABEL_BATCH) {
    const count = Math.min(LABEL_BATCH, data.count - start);
    const probabilities = tf.tidy(() => {
      const x = tf.tensor4d(data.x.subarray(start * size, (start + count) * size), [count, ...architecture.inputShape]);
      return tf.softmax(tf.div(architecture.forward(opened(architecture, weights), x), temperature));
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
  const slots = Object.fromEntries(
    optimisers[input.options.optimiser].slots.map((slot) => [slot, zeros(weights)] as const),
  );
  const average = input.options.averageDecay > 0 ? weights : undefined;
  return { phase: index, epoch: 0, weights, slots, average, finished };
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

/** The weights that a phase ends in, as far as it has come. */
function resultOf({ weights, average, best }: TrainingState): Weights {
  return best?.weights ?? average ?? weights;
}

/** The state with the net as it stands for its best, if it is. An epoch that began before all had grown is easier than those to come. */
function withBest(state: TrainingState, validation: ValidationAccuracy | null, { method, options }: TrainingInput) {
  const grown = state.epoch - 1 >= (method.growthEpochs?.(options) ?? 0);
  if (options.patience === 0 || validation === null || !grown) return state;
  const accuracy = validation.robust ?? validation.clean;
  if (state.best !== undefined && accuracy <= state.best.accuracy) return state;
  return { ...state, best: { epoch: state.epoch, accuracy, weights: state.average ?? state.weights } };
}

function epochsOf(phases: readonly Phase[]): number {
  return phases.reduce((sum, phase) => sum + phase.epochs, 0);
}

/** Whether a phase has come to its end: by its epochs, or because too many went by without a better net. */
function isOver({ epoch, best }: TrainingState, { epochs }: Phase, { patience }: DescentOptions): boolean {
  return epoch >= epochs || (patience > 0 && best !== undefined && epoch - best.epoch >= patience);
}

/**
 * Runs a recipe's phases, from the start or from a state.
 * @returns the last phase's weights
 * @throws ParapetError 'submission' for a net with batch normalisation or one that the method cannot train, and where more images are
 *   held out than there are; 'misbehaved' when the loss or a weight is no longer finite
 */
export async function train(whole: TrainingInput): Promise<Weights> {
  const { architecture, method, options, seed } = whole;
  refuseStatistics(architecture);
  method.check?.(architecture);
  const { learnt, heldOut } = divide(whole.data, options);
  const input = { ...whole, data: learnt };
  const phases = method.phases(options);
  const epochs = epochsOf(phases);
  let state = input.state ?? startOf(phases[0] as Phase, 0, input, {});
  for (;;) {
    const phase = phases[state.phase] as Phase;
    const before = epochsOf(phases.slice(0, state.phase));
    let data: TrainingData | undefined;
    while (!isOver(state, phase, options)) {
      // Only now: they may cost a pass over the images, and a phase may have been over when its state was stored.
      data ??= { ...learnt, labels: await labelsOf(phase, input, state.finished) };
      const { epoch } = state;
      const { onStep, signal } = input;
      const { loss, ...moved } = await runEpoch({
        ...state,
        architecture,
        options,
        phase,
        seed,
        epoch,
        data,
        ...(signal && { signal }),
        ...(onStep && {
          onStep: (done: number, of: number) => onStep(phase.name, epoch, done, (before + epoch + done / of) / epochs),
        }),
      });
      const next: TrainingState = { ...state, ...moved, epoch: epoch + 1 };
      const net = next.average ?? next.weights;
      const validation = heldOut && (await validate(architecture, net, heldOut, options, seed));
      state = withBest(next, validation, input);
      await input.onEpoch?.({ phase: phase.name, epoch: epoch + 1, epochs: phase.epochs, loss, validation }, state);
    }
    const result = resultOf(state);
    if (state.phase + 1 === phases.length) return result;
    state = startOf(phases[state.phase + 1] as Phase, state.phase + 1, input, {
      ...state.finished,
      [phase.name]: result,
    });
  }
}
