/**
 * Where a training run stands between two epochs, and that state as a safetensors file. Together with the recipe it
 * decides everything that follows: a run resumed from it ends in the weights of an uninterrupted one.
 */
import { ParapetError } from '../errors.ts';
import type { Architecture } from '../models/architecture.ts';
import { decodeSafetensors, encodeSafetensors } from '../models/safetensors.ts';

/** Values by parameter name. */
export type Weights = Readonly<Record<string, Float32Array>>;

export interface TrainingState {
  /** Index of the phase that runs next, and the epochs of it that are done. */
  readonly phase: number;
  readonly epoch: number;
  readonly weights: Weights;
  readonly velocity: Weights;
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
  add('weights', state.weights);
  add('velocity', state.velocity);
  for (const [phase, weights] of Object.entries(state.finished)) add(`finished/${phase}`, weights);
  return encodeSafetensors(tensors, {
    recipe,
    phase: String(state.phase),
    epoch: String(state.epoch),
    finished: Object.keys(state.finished).join(),
  });
}

/** @throws ParapetError 'integrity' when the file is of another recipe or not a state at all */
export function decodeState(architecture: Architecture, bytes: Uint8Array, recipe: string): TrainingState {
  const { tensors, metadata } = decodeSafetensors(bytes);
  if (metadata.get('recipe') !== recipe) {
    throw new ParapetError(
      'integrity',
      'checkpoint: it belongs to another recipe, seed or architecture',
      'run without --resume to start anew, or with the recipe that it was made with',
    );
  }
  const take = (prefix: string): Weights =>
    Object.fromEntries(
      architecture.parameters.map(({ name, shape }) => {
        const tensor = tensors.get(`${prefix}/${name}`);
        if (!(tensor?.data instanceof Float32Array) || tensor.shape.join() !== shape.join()) {
          throw new ParapetError(
            'integrity',
            `checkpoint: '${prefix}/${name}' is missing or misshapen`,
            'run without --resume',
          );
        }
        return [name, tensor.data];
      }),
    );
  const phases = (metadata.get('finished') ?? '').split(',').filter((phase) => phase !== '');
  return {
    phase: Number(metadata.get('phase')),
    epoch: Number(metadata.get('epoch')),
    weights: take('weights'),
    velocity: take('velocity'),
    finished: Object.fromEntries(phases.map((phase) => [phase, take(`finished/${phase}`)])),
  };
}
