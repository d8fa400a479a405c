/** Where the training of a generative adversarial net stands between two epochs, as a safetensors file. */
import { ParapetError } from '../../errors.ts';
import type { Parameter } from '../../models/architecture.ts';
import { decodeSafetensors, encodeSafetensors } from '../../models/safetensors.ts';
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

/** @throws ParapetError 'integrity' when the file is of another run or not a state at all */
export function decodeGanState({ generator, discriminator }: Nets, bytes: Uint8Array, recipe: string): GanState {
  const { tensors, metadata } = decodeSafetensors(bytes);
  if (metadata.get('recipe') !== recipe) {
    throw new ParapetError(
      'integrity',
      'checkpoint: it belongs to a run with another data set, seed or options',
      'give another folder with --out, or start anew with --no-resume',
    );
  }
  const take = (prefix: string, parameters: readonly Parameter[]): Weights =>
    Object.fromEntries(
      parameters.map(({ name, shape }) => {
        const tensor = tensors.get(`${prefix}/${name}`);
        if (tensor?.data instanceof Float32Array && tensor.shape.join() === shape.join()) return [name, tensor.data];
        throw new ParapetError(
          'integrity',
          `checkpoint: '${prefix}/${name}' is missing or misshapen`,
          'start anew with --no-resume',
        );
      }),
    );
  const moving = (prefix: string, parameters: readonly Parameter[]): Moving => ({
    weights: take(prefix, parameters),
    slots: Object.fromEntries(slots.map((slot) => [slot, take(`${prefix}/${slot}`, parameters)])),
  });
  return {
    epoch: Number(metadata.get('epoch')),
    generator: moving('generator', generator.parameters),
    discriminator: moving('discriminator', discriminator.parameters),
    average: take('average', generator.parameters),
    history: JSON.parse(metadata.get('history') ?? '[]') as GanState['history'],
  };
}
