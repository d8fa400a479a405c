/** Checkpoints that cannot be taken up: each says which file it is, and the way out. */
import { beforeAll, describe, expect, test } from 'vitest';
import { startBackend } from '../../backends/index.ts';
import { decodeSafetensors, encodeSafetensors, type WrittenTensor } from '../models/safetensors.ts';
import { linearNet } from '../testing/separable.ts';
import { zeros } from './batches.ts';
import { discriminator, generator } from './gan/nets.ts';
import { decodeGanState, encodeGanState } from './gan/state.ts';
import { initialWeights } from './initial-weights.ts';
import { decodeState, encodeState } from './state.ts';

beforeAll(async () => {
  await startBackend('wasm');
});

const nets = { generator: generator([4, 4, 1]), discriminator: discriminator([4, 4, 1]) };

function moving(net: Parameters<typeof initialWeights>[0]) {
  const weights = initialWeights(net, 1);
  return { weights, slots: { velocity: zeros(weights), squares: zeros(weights) } };
}

function netFile(): Uint8Array {
  return encodeState(linearNet, { phase: 0, epoch: 2, ...moving(linearNet), finished: {} }, 'run');
}

function ganFile(): Uint8Array {
  const made = moving(nets.generator);
  const state = {
    epoch: 2,
    generator: made,
    discriminator: moving(nets.discriminator),
    average: made.weights,
    history: [],
  };
  return encodeGanState(nets, state, 'run');
}

/** The file with other metadata, or without a tensor. */
function changed(file: Uint8Array, metadata: object, without?: string): Uint8Array {
  const { tensors, metadata: known } = decodeSafetensors(file);
  const kept = [...tensors].filter(([name]) => name !== without);
  return encodeSafetensors(Object.fromEntries(kept) as Record<string, WrittenTensor>, {
    ...Object.fromEntries(known),
    ...metadata,
  });
}

describe.each<[string, Uint8Array, (file: Uint8Array) => unknown, string]>([
  ['a net', netFile(), (file) => decodeState(linearNet, file, 'run', 'out/a.checkpoint'), 'weights/fc.weight'],
  ['a GAN', ganFile(), (file) => decodeGanState(nets, file, 'run', 'out/a.checkpoint'), 'average/fc.weight'],
])('the checkpoint of %s', (_, file, decode, tensor) => {
  test('is taken up where it is whole', () => {
    expect(decode(file)).toMatchObject({ epoch: 2 });
  });

  test.each<[string, Uint8Array, RegExp]>([
    ['cut short', file.subarray(0, file.length - 4), /damaged: safetensors: /],
    ['cut to nothing', new Uint8Array(), /damaged: safetensors: 0 bytes/],
    ['text', new TextEncoder().encode('not what it was at all'), /damaged: safetensors: /],
    ['of another run', changed(file, { recipe: 'other' }), /belongs to another run: another recipe, seed, data set/],
    ['without a tensor', changed(file, {}, tensor), new RegExp(`damaged: '${tensor}' is missing or misshapen`)],
    ['without its epoch', changed(file, { epoch: 'two' }), /damaged: its epoch is 'two'/],
  ])('is refused where it is %s', (_case, bytes, message) => {
    const wanted = {
      kind: 'integrity',
      message: expect.stringMatching(new RegExp(`^out/a\\.checkpoint: the checkpoint .*${message.source}`)),
      hint: 'start anew with --no-resume, or remove that file',
    };
    expect(() => decode(bytes)).toThrow(expect.objectContaining(wanted));
  });
});

test('a GAN’s checkpoint whose history is no JSON is refused', () => {
  const file = changed(ganFile(), { history: '[1,' });
  expect(() => decodeGanState(nets, file, 'run', 'f')).toThrow('f: the checkpoint is damaged: its history is not JSON');
});
