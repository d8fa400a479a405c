/** A recipe, a seed and a backend decide the weights to the last bit: also where a backend works with several threads. */
import { beforeAll, describe, expect, test } from 'vitest';
import { type BackendChoice, startBackend } from '../../backends/index.ts';
import { isInstalled } from '../../backends/native-files.ts';
import { needsNative } from '../../backends/testing.ts';
import { findArchitecture } from '../models/index.ts';
import { exampleRandom } from '../random.ts';
import { findTrainingMethod } from './index.ts';
import { type TrainingInput, train } from './train.ts';
import { encodeWeights } from './weights-file.ts';

const COUNT = 96;

function input(id: string, methodId: string, options: object, seed: number): TrainingInput {
  const architecture = findArchitecture(id);
  const method = findTrainingMethod(methodId);
  const size = architecture.inputShape.reduce((product, side) => product * side, 1);
  const rows = Int32Array.from({ length: COUNT }, (_, i) => i);
  const x = exampleRandom(5, 'pixels').uniform(rows, 0, size);
  // Two batches: one that several threads share, and what is left of the images.
  const settings = { epochs: 1, batchSize: 64, learningRate: 0.01, ...options };
  return {
    architecture,
    method,
    options: method.optionsSchema.parse(settings) as TrainingInput['options'],
    data: { x, y: rows.map((i) => i % architecture.classes), count: COUNT },
    seed,
  };
}

async function file(...given: Parameters<typeof input>): Promise<Uint8Array> {
  const what = input(...given);
  return encodeWeights(what.architecture, await train(what), 'single', {});
}

describe.each(['wasm', 'native'])('on %s the same recipe and seed give the same file', (backend) => {
  beforeAll(async () => {
    if (backend === 'wasm' || isInstalled('cpu')) await startBackend(backend as BackendChoice);
  });

  test.for([
    ['papernot-mnist', 'standard', {}],
    ['papernot-mnist', 'adversarial', { attackSteps: 2, warmupEpochs: 0 }],
    ['papernot-kwta-mnist', 'standard', { optimiser: 'adam', averageDecay: 0.9 }],
    ['gowal-small-mnist', 'standard', {}],
  ] as const)('%s, %s, %j', async ([id, method, options], context) => {
    if (backend === 'native') needsNative(context);
    const first = await file(id, method, options, 3);
    expect(Buffer.from(await file(id, method, options, 3)).equals(first)).toBe(true);
    expect(Buffer.from(await file(id, method, options, 4)).equals(first)).toBe(false);
  });
});
