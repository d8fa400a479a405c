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
import { findTrainingMethod } from '#core/training/index.ts';
import type { TrainingMethod } from '#core/training/method.ts';
import type { DescentOptions } from '#core/training/options.ts';
import { decodeState, encodeState } from '#core/training/state.ts';
import { type EpochReport, train } from '#core/training/train.ts';
import { encodeWeights } from '#core/training/weights-file.ts';
import { assertBackend, type BackendReport } from '../backends/index.ts';
import { writeDurable } from './durable.ts';
import { withLock } from './lock.ts';
import { assertRoom, type Room } from './training-room.ts';

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

export interface TrainSubmissionInput extends Omit<TrainRecipeInput, 'architecture' | 'method' | 'recipe'> {
  readonly submission: Submission;
  /** Which of its nets, from 0; the i-th of several learns with the seed that is i larger. */
  readonly net: number;
  /** Overrides the recipe's seed. */
  readonly seed?: number;
}

/** @throws ParapetError 'submission' without a recipe or with one that is wrong; 'integrity' for a checkpoint of another recipe */
export async function trainSubmission({ submission, net, seed, ...input }: TrainSubmissionInput): Promise<Uint8Array> {
  const { recipe } = submission;
  const model = modelsOf(submission)[net];
  if (recipe === undefined || model?.format !== 'safetensors') {
    throw new ParapetError(
      'submission',
      `recipe: ${submission.id} has none`,
      'add one to submission.yaml, or evaluate its weights',
    );
  }
  const architecture = findArchitecture(model.architecture);
  const method = findTrainingMethod(recipe.method);
  return trainRecipe({ ...input, architecture, method, recipe: { ...recipe, seed: (seed ?? recipe.seed) + net } });
}

async function readIfPresent(path: string): Promise<Uint8Array | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/**
 * @returns the weights as a safetensors file, as it was written to `out`
 * @throws ParapetError 'submission' for a recipe that is wrong; 'integrity' for a checkpoint of another recipe, 'infrastructure' where
 *   memory or disk do not suffice; 'misbehaved' for weights that half precision cannot hold
 */
export async function trainRecipe(input: TrainRecipeInput): Promise<Uint8Array> {
  const { architecture, method, recipe, backend, data } = input;
  const { seed } = recipe;
  const parsed = method.optionsSchema.safeParse(recipe.options);
  if (!parsed.success) {
    const mistakes = parsed.error.issues.map(
      (issue) => `${['recipe.options', ...issue.path].join('.')}: ${issue.message}`,
    );
    throw new ParapetError(
      'submission',
      mistakes.join('; '),
      `the options are those of '${method.id}' in docs/training.md`,
    );
  }
  const options = parsed.data as DescentOptions;
  method.check?.(architecture);
  await assertRoom({ architecture, method, options, out: input.out }, input.room);
  const checkpoint = `${input.out}.checkpoint`;
  // How weights are stored changes no state on the way, so it is no part of what a checkpoint belongs to.
  const { precision, ...moving } = options;
  return withLock(`${input.out}.lock`, async () => {
    const identity = JSON.stringify({
      architecture: architecture.id,
      method: method.id,
      options: Object.entries(moving).sort(([a], [b]) => (a < b ? -1 : 1)),
      seed,
      data: data.digest,
      backend: [backend.name, backend.threads],
    });
    if (!input.resume) await rm(checkpoint, { force: true });
    const stored = await readIfPresent(checkpoint);
    const state = stored === null ? undefined : decodeState(architecture, stored, identity);
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
    await writeDurable(input.out, file);
    await rm(checkpoint, { force: true });
    return file;
  });
}

/** Where `train` puts the weights of a submission's net unless told otherwise. */
export function defaultWeightsPath(submission: Submission, net: number): string {
  const which = modelsOf(submission).length === 1 ? '' : `-${net}`;
  return join('out', 'train', `${submission.id}${which}.safetensors`);
}
