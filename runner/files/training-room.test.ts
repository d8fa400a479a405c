import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findArchitecture } from '#core/models/index.ts';
import { findTrainingMethod } from '#core/training/index.ts';
import { bytesOfStep } from '#core/training/memory.ts';
import type { DescentOptions } from '#core/training/options.ts';
import { startBackend } from '../backends/index.ts';
import { assertRoom } from './training-room.ts';

let folder: string;
beforeAll(async () => {
  await startBackend('wasm');
  folder = await mkdtemp(join(tmpdir(), 'parapet-room-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const architecture = findArchitecture('lenet-mnist');
const run = (id: string, settings: object = {}) => {
  const method = findTrainingMethod(id);
  const options = method.optionsSchema.parse(settings) as DescentOptions;
  return { architecture, method, options, out: join(folder, 'deep', 'weights.safetensors') };
};
const plenty = { memory: () => 1e12, disk: async () => 1e12 };

test('a step takes memory by the image, and more for two images than for one', async () => {
  const bytes = (id: string, batchSize: number) => {
    const { method, options } = run(id, { batchSize });
    return bytesOfStep(architecture, method, options);
  };
  const [small, large, pairs] = [await bytes('standard', 10), await bytes('standard', 110), await bytes('trades', 110)];
  // At least the maps of both convolutions, before and after pooling.
  const maps = 4 * (24 * 24 * 16 + 12 * 12 * 16 + 8 * 8 * 32 + 4 * 4 * 32);
  expect((large - small) / 100).toBeGreaterThan(maps);
  expect((large - small) / 100).toBeLessThan(20 * maps);
  expect(pairs).toBeGreaterThan(1.5 * large);
});

test('what suffices passes', async () => {
  await assertRoom(run('standard'), plenty);
  await assertRoom(run('standard'));
});

test('too little memory, and too little disk, are each said in one sentence', async () => {
  await expect(assertRoom(run('trades'), { ...plenty, memory: () => 5e6 })).rejects.toThrow(
    /^training: a step of 128 images takes at least \d+ MB of memory, and 5 MB are free$/,
  );
  // 90,598 parameters: nets for three slots and copies, two phases' ends and more, twice.
  await expect(assertRoom(run('standard'), { ...plenty, disk: async () => 1e6 })).rejects.toThrow(
    /^training: checkpoints and weights take up to 4 MB, and the disk of .*deep has 1 MB left$/,
  );
});
