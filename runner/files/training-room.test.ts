import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
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
  await assertRoom([run('standard')], plenty);
  await assertRoom([run('standard')]);
});

test('too little memory, and too little disk, are each said in one sentence', async () => {
  await expect(assertRoom([run('trades')], { ...plenty, memory: () => 5e6 })).rejects.toThrow(
    /^training: a step of 128 images takes at least \d+ MB of memory, and 5 MB are free$/,
  );
  // 90,598 parameters: nets for three slots and copies, two phases' ends and more, twice.
  await expect(assertRoom([run('standard')], { ...plenty, disk: async () => 1e6 })).rejects.toThrow(
    /^training: checkpoints and weights take up to 4 MB, and the disk of .*deep has 1 MB left$/,
  );
});

test('checkpoints of several nets are kept until the last is trained, and take their room', async () => {
  const two = [run('standard'), run('standard')];
  // 362,392 bytes of weights: five times in a checkpoint. Two checkpoints, both files, and a checkpoint that is being written.
  await assertRoom(two, { ...plenty, disk: async () => 17 * 362_392 });
  await expect(assertRoom(two, { ...plenty, disk: async () => 17 * 362_392 - 1 })).rejects.toThrow('take up to 7 MB');
});

test('what is no file is refused where weights should go; a file is replaced', async () => {
  const at = (out: string) => assertRoom([{ ...run('standard'), out }], plenty);
  const file = join(folder, 'there.safetensors');
  await writeFile(file, 'weights of before');
  await at(file);
  await symlink(file, join(folder, 'link'));
  for (const [out, what] of [
    [folder, 'a folder'],
    [`${join(folder, 'new')}/`, 'a folder'],
    ['', 'a folder'],
    [join(folder, 'link'), 'a link or a device'],
    ['/dev/null', 'a link or a device'],
  ] as const) {
    await expect(at(out)).rejects.toMatchObject({
      kind: 'usage',
      message: `--out: '${out}' is ${what}; wanted the name of a file`,
      hint: expect.stringMatching(/^such as .*weights\.safetensors$/),
    });
  }
});
