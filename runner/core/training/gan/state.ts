/** Where the training of a generative adversarial net stands between two epochs, as a safetensors file. */
import type { Parameter } from '../../models/architecture.ts';
import { encodeSafetensors } from '../../models/safetensors.ts';
import { type Checkpoint, openCheckpoint } from '../checkpoint.ts';
import type { Weights } from '../state.ts';
import type { GanState, Moving } from './epoch.ts';

interface Nets {
  readonly generator: { readonly parameters: readonly Parameter[] };
  readonly discriminator: { readonly parameters: readonly Parameter[] };
}

const slots = ['velocity', 'squares'];

/** @param recipe a text that two states share only if one may continue the other */
export function encodeGanState({ generator, discriminator }: Nets, state: GanState, recipe: string): Uint8Array {
  const tensors: Record<string, { shape: readonly number[]; data: Float32Array }> = {};
  const add = (prefix: string, parameters: readonly Parameter[], weights: Weights) => {
    for (const { name, shape } of parameters) {
      tensors[`${prefix}/${name}`] = { shape, data: weights[name] as Float32Array };
    }
  };
  for (const [name, { parameters }, moving] of [
    ['generator', generator, state.generator],
    ['discriminator', discriminator, state.discriminator],
  ] as const) {
    add(name, parameters, moving.weights);
    for (const slot of slots) add(`${name}/${slot}`, parameters, moving.slots[slot] as Weights);
  }
  add('average', generator.parameters, state.average);
  return encodeSafetensors(tensors, { recipe, epoch: String(state.epoch), history: JSON.stringify(state.history) });
}

/**
 * @param recipe as in `encodeGanState`
 * @param path of the file, for messages
 * @throws ParapetError 'integrity' when the file is of another run or not a state at all
 */
export function decodeGanState(
  { generator, discriminator }: Nets,
  bytes: Uint8Array,
  recipe: string,
  path: string,
): GanState {
  const checkpoint = openCheckpoint(bytes, recipe, path);
  const moving = (prefix: string, parameters: readonly Parameter[]): Moving => ({
    weights: checkpoint.weights(prefix, parameters),
    slots: Object.fromEntries(slots.map((slot) => [slot, checkpoint.weights(`${prefix}/${slot}`, parameters)])),
  });
  return {
    epoch: checkpoint.count('epoch'),
    generator: moving('generator', generator.parameters),
    discriminator: moving('discriminator', discriminator.parameters),
    average: checkpoint.weights('average', generator.parameters),
    history: historyOf(checkpoint),
  };
}

function historyOf({ metadata, damaged }: Checkpoint): GanState['history'] {
  try {
    return JSON.parse(metadata.get('history') ?? '') as GanState['history'];
  } catch {
    throw damaged('its history is not JSON');
  }
}
