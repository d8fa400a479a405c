/**
 * Training of a submission's recipe on disk: after every epoch the state is stored durably, so that a run that was killed
 * goes on where it stood and ends in the weights of an uninterrupted one.
 */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Examples } from '#core/datasets/dataset.ts';
import { ParapetError } from '#core/errors.ts';
import type { Architecture } from '#core/models/architecture.ts';
import { findArchitecture } from '#core/models/index.ts';
import { modelsOf, type Recipe, type Submission } from '#core/submission.ts';
import { optionMistakes } from '#core/submission-mistakes.ts';
import { findTrainingMethod } from '#core/training/index.ts';
import type { TrainingMethod } from '#core/training/method.ts';
import type { DescentOptions } from '#core/training/options.ts';
import { decodeState, encodeState } from '#core/training/state.ts';
import { type EpochReport, train } from '#core/training/train.ts';
import { encodeWeights } from '#core/training/weights-file.ts';
import { assertBackend, type BackendReport } from '../backends/index.ts';
import { writeDurable } from './durable.ts';
import { withLock } from './lock.ts';
import { assertRoom, type Room, type Run } from './training-room.ts';

export interface TrainRecipeInput {
  readonly architecture: Architecture;
  readonly method: TrainingMethod;
  readonly recipe: Pick<Recipe, 'seed' | 'options'>;
  /** What is learned, with a digest that no other data have. */
  readonly data: Examples & { readonly digest: string };
  /** What runs: weights depend on it to the last bit, so a checkpoint belongs to one backend and thread count. */
  readonly backend: BackendReport;
  /** Where the weights go; the checkpoint lies beside them until they are written. */
  readonly out: string;
  /** Go on from a checkpoint that is there; otherwise it is deleted and training starts anew. */
  readonly resume: boolean;
  readonly signal?: AbortSignal;
  /** What is free here; the machine's when absent. */
  readonly room?: Room;
  /** Told when a checkpoint is taken up. */
  readonly onResume?: (phase: string, epoch: number) => void;
  /** @param done steps of the epoch @param share of the whole training, all phases together, that is done */
  readonly onStep?: (phase: string, epoch: number, done: number, share: number) => void;
  readonly onEpoch?: (report: EpochReport) => void;
}

/** What is told while a net is trained. */
type Told = Pick<TrainRecipeInput, 'onResume' | 'onStep' | 'onEpoch'>;

export interface TrainSubmissionInput
  extends Omit<TrainRecipeInput, 'architecture' | 'method' | 'recipe' | 'out' | keyof Told> {
  readonly submission: Submission;
  /** Which of its nets, from 0, and where the weights of each go, all in one folder. */
  readonly nets: readonly { readonly index: number; readonly out: string }[];
  /** Overrides the recipe's seed. */
  readonly seed?: number;
  readonly tell?: (index: number) => Told;
}

/**
 * Trains nets of a submission one after another; the i-th learns with the seed that is i larger. Checkpoints stay until the last is
 * written, so that a run that was interrupted and is started again comes back to where it stood without training a net anew.
 * @returns the weights of each as a safetensors file, as it was written
 * @throws ParapetError 'submission' without a recipe; what `trainRecipe` throws
 */
export async function trainSubmission(input: TrainSubmissionInput): Promise<Uint8Array[]> {
  const { nets, tell, ...rest } = input;
  return trainAll(nets.map(({ index, out }) => ({ ...rest, ...tell?.(index), ...netOf(input, index), out })));
}

function netOf({ submission, seed }: TrainSubmissionInput, index: number) {
  const { recipe } = submission;
  const model = modelsOf(submission)[index];
  if (recipe === undefined || model?.format !== 'safetensors') {
    throw new ParapetError(
      'submission',
      `recipe: ${submission.id} has none`,
      'add one to submission.yaml, or evaluate its weights',
    );
  }
  return {
    architecture: findArchitecture(model.architecture),
    method: findTrainingMethod(recipe.method),
    recipe: { ...recipe, seed: (seed ?? recipe.seed) + index },
  };
}

/**
 * @returns the weights as a safetensors file, as it was written to `out`
 * @throws ParapetError 'usage' where `out` is no place for a file; 'submission' for a recipe that is wrong; 'integrity' for a checkpoint of
 *   another recipe or a damaged one, 'infrastructure' where memory or disk do not suffice; 'misbehaved' when the loss or a weight is no
 *   longer finite, and for weights that half precision cannot hold
 */
export async function trainRecipe(input: TrainRecipeInput): Promise<Uint8Array> {
  return (await trainAll([input]))[0] as Uint8Array;
}

/** Whatever keeps one of several from being trained is said before the first is, and the locks of all are held to the end. */
async function trainAll(inputs: readonly TrainRecipeInput[]): Promise<Uint8Array[]> {
  await assertRoom(inputs.map(runOf), inputs[0]?.room);
  let locked = async () => {
    if (inputs.some(({ resume }) => !resume)) await removeCheckpoints(inputs);
    const files = [];
    for (const input of inputs) files.push(await trainToEnd(input));
    await removeCheckpoints(inputs);
    return files;
  };
  for (const { out } of inputs) {
    const inner = locked;
    locked = () => withLock(`${out}.lock`, inner);
  }
  return locked();
}

const checkpointOf = (out: string): string => `${out}.checkpoint`;

async function removeCheckpoints(inputs: readonly TrainRecipeInput[]): Promise<void> {
  for (const { out } of inputs) await rm(checkpointOf(out), { force: true });
}

async function readIfPresent(path: string): Promise<Uint8Array | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** @throws ParapetError 'submission' for options that the method does not have, or not in that range, and a net that it cannot train */
function runOf({ architecture, method, recipe, out }: TrainRecipeInput): Run {
  const mistakes = optionMistakes(method, recipe.options, ['recipe', 'options']);
  if (mistakes.length > 0) {
    throw new ParapetError(
      'submission',
      mistakes.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '),
      `the options are those of '${method.id}' in docs/training.md`,
    );
  }
  method.check?.(architecture);
  return { architecture, method, options: method.optionsSchema.parse(recipe.options) as DescentOptions, out };
}

/** Trains a net, or goes on where its checkpoint stands, be it at the end; the checkpoint stays. */
async function trainToEnd(input: TrainRecipeInput): Promise<Uint8Array> {
  const { recipe, backend, data } = input;
  const { architecture, method, options, out } = runOf(input);
  const { seed } = recipe;
  const checkpoint = checkpointOf(out);
  // How weights are stored changes no state on the way, so it is no part of what a checkpoint belongs to.
  const { precision, ...moving } = options;
  const identity = JSON.stringify({
    architecture: architecture.id,
    method: method.id,
    options: Object.entries(moving).sort(([a], [b]) => (a < b ? -1 : 1)),
    seed,
    data: data.digest,
    backend: [backend.name, backend.threads],
  });
  const stored = await readIfPresent(checkpoint);
  const state = stored === null ? undefined : decodeState(architecture, stored, identity, checkpoint);
  if (state !== undefined) input.onResume?.(method.phases(options)[state.phase]?.name ?? '', state.epoch);
  const weights = await train({
    architecture,
    method,
    options,
    data,
    seed,
    state,
    signal: input.signal,
    onStep: input.onStep,
    async onEpoch(report, next) {
      assertBackend();
      await writeDurable(checkpoint, encodeState(architecture, next, identity));
      input.onEpoch?.(report);
    },
  });
  const file = encodeWeights(architecture, weights, precision, {
    architecture: architecture.id,
    method: method.id,
    seed: String(seed),
    trainedOn: `${backend.name}, ${backend.threads} threads`,
  });
  await writeDurable(out, file);
  return file;
}

/** Where `train` puts the weights of a submission's net unless told otherwise. */
export function defaultWeightsPath(submission: Submission, net: number): string {
  const which = modelsOf(submission).length === 1 ? '' : `-${net}`;
  return join('out', 'train', `${submission.id}${which}.safetensors`);
}
