/**
 * Where a training run stands between two epochs, and that state as a safetensors file. Together with the recipe it
 * decides everything that follows: a run resumed from it ends in the weights of an uninterrupted one.
 */
import type { Architecture } from '../models/architecture.ts';
import { encodeSafetensors } from '../models/safetensors.ts';
import { openCheckpoint } from './checkpoint.ts';

/** Values by parameter name. */
export type Weights = Readonly<Record<string, Float32Array>>;

export interface TrainingState {
  /** Index of the phase that runs next, and the epochs of it that are done. */
  readonly phase: number;
  readonly epoch: number;
  readonly weights: Weights;
  /** What the optimiser remembers, by slot. */
  readonly slots: Readonly<Record<string, Weights>>;
  /** Running mean of the weights, where one is taken. */
  readonly average?: Weights | undefined;
  /** The epoch of the phase with the best validation accuracy, where a phase may stop early. */
  readonly best?: { readonly epoch: number; readonly accuracy: number; readonly weights: Weights } | undefined;
  /** Weights of the phases that have ended, by phase name. */
  readonly finished: Readonly<Record<string, Weights>>;
}

/** @param recipe a text that two states share only if one may continue the other, such as the recipe's digest */
export function encodeState(architecture: Architecture, state: TrainingState, recipe: string): Uint8Array {
  const tensors: Record<string, { shape: readonly number[]; data: Float32Array }> = {};
  const add = (prefix: string, weights: Weights) => {
    for (const { name, shape } of architecture.parameters) {
      tensors[`${prefix}/${name}`] = { shape, data: weights[name] as Float32Array };
    }
  };
  const { best, average } = state;
  add('weights', state.weights);
  for (const [slot, values] of Object.entries(state.slots)) add(`slots/${slot}`, values);
  if (average !== undefined) add('average', average);
  if (best !== undefined) add('best', best.weights);
  for (const [phase, weights] of Object.entries(state.finished)) add(`finished/${phase}`, weights);
  return encodeSafetensors(tensors, {
    recipe,
    phase: String(state.phase),
    epoch: String(state.epoch),
    slots: Object.keys(state.slots).join(),
    finished: Object.keys(state.finished).join(),
    ...(average !== undefined && { average: 'taken' }),
    ...(best !== undefined && { best: `${best.epoch} ${best.accuracy}` }),
  });
}

/**
 * @param recipe as in `encodeState`
 * @param path of the file, for messages
 * @throws ParapetError 'integrity' when the file is of another recipe or not a state at all
 */
export function decodeState(
  { parameters }: Architecture,
  bytes: Uint8Array,
  recipe: string,
  path: string,
): TrainingState {
  const checkpoint = openCheckpoint(bytes, recipe, path);
  const { metadata } = checkpoint;
  const take = (prefix: string) => checkpoint.weights(prefix, parameters);
  const listed = (key: string) => (metadata.get(key) ?? '').split(',').filter((name) => name !== '');
  const all = (key: string) => Object.fromEntries(listed(key).map((name) => [name, take(`${key}/${name}`)]));
  const best = metadata.get('best')?.split(' ').map(Number);
  return {
    phase: checkpoint.count('phase'),
    epoch: checkpoint.count('epoch'),
    weights: take('weights'),
    slots: all('slots'),
    average: metadata.has('average') ? take('average') : undefined,
    best: best && { epoch: best[0] as number, accuracy: best[1] as number, weights: take('best') },
    finished: all('finished'),
  };
}
