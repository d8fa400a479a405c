import { ParapetError } from '../errors.ts';
import type { Parameter } from '../models/architecture.ts';
import { decodeSafetensors, type Safetensors } from '../models/safetensors.ts';
import type { Weights } from './state.ts';

/** A checkpoint's contents. It is a file of ours, but one that may have been cut short or written over since. */
export interface Checkpoint {
  readonly metadata: Safetensors['metadata'];
  /** Values of parameters that are stored as `prefix/name`. @throws ParapetError 'integrity' when one is missing or misshapen */
  weights(prefix: string, parameters: readonly Parameter[]): Weights;
  /** A whole number of the metadata. @throws ParapetError 'integrity' when there is none */
  count(key: string): number;
  /** The error for contents that make no sense. */
  damaged(what: string): ParapetError;
}

/**
 * @param recipe a text that two runs share only if one may continue the other
 * @param path of the file, for messages
 * @throws ParapetError 'integrity' when the file is of another run, or damaged
 */
export function openCheckpoint(bytes: Uint8Array, recipe: string, path: string): Checkpoint {
  const refused = (what: string) =>
    new ParapetError('integrity', `${path}: ${what}`, 'start anew with --no-resume, or remove that file');
  const damaged = (what: string) => refused(`the checkpoint is damaged: ${what}`);
  const { tensors, metadata } = decoded();
  if (metadata.get('recipe') !== recipe) {
    throw refused('the checkpoint belongs to another run: another recipe, seed, data set, net or backend');
  }
  return {
    metadata,
    damaged,
    weights: (prefix, parameters) =>
      Object.fromEntries(
        parameters.map(({ name, shape }) => {
          const tensor = tensors.get(`${prefix}/${name}`);
          if (tensor?.data instanceof Float32Array && tensor.shape.join() === shape.join()) return [name, tensor.data];
          throw damaged(`'${prefix}/${name}' is missing or misshapen`);
        }),
      ),
    count(key) {
      const text = metadata.get(key) ?? '';
      if (!/^\d+$/.test(text)) throw damaged(`its ${key} is '${text}'`);
      return Number(text);
    },
  };

  function decoded(): Safetensors {
    try {
      return decodeSafetensors(bytes);
    } catch (error) {
      throw error instanceof ParapetError ? damaged(error.message) : error;
    }
  }
}
