import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode } from 'fast-png';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodeSafetensors } from '#core/models/safetensors.ts';
import { ganOptionsSchema } from '#core/training/gan/options.ts';
import { type BackendReport, startBackend } from '../backends/index.ts';
import { type TrainGanInput, trainGanInFolder } from './gan.ts';

let folder: string;
let backend: BackendReport;
beforeAll(async () => {
  backend = await startBackend('wasm');
  folder = await mkdtemp(join(tmpdir(), 'parapet-gan-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const input = (out: string, change: Partial<TrainGanInput> = {}): TrainGanInput => ({
  dataset: 'mnist',
  data: {
    x: Float32Array.from({ length: 16 * 64 }, (_, i) => (i % 5) / 4),
    y: new Int32Array(16),
    count: 16,
    digest: 'made up',
  },
  shape: [8, 8, 1],
  options: ganOptionsSchema.parse({ epochs: 3, batchSize: 8 }),
  seed: 1,
  backend,
  out: join(folder, out),
  resume: true,
  ...change,
});

test('a run that was stopped in its second epoch goes on and ends as one that was not', async () => {
  await trainGanInFolder(input('whole'));
  const stop = new AbortController();
  const onStep = (epoch: number) => epoch === 1 && stop.abort(new Error('stopped by hand'));
  await expect(trainGanInFolder(input('stopped', { signal: stop.signal, onStep }))).rejects.toThrow('stopped by hand');
  const resumed: number[] = [];
  await trainGanInFolder(input('stopped', { onResume: (epoch) => void resumed.push(epoch) }));
  expect(resumed).toEqual([1]);
  for (const file of ['generator.safetensors', 'discriminator.safetensors', 'history.json', 'samples/epoch-003.png']) {
    const [whole, stopped] = await Promise.all(['whole', 'stopped'].map((run) => readFile(join(folder, run, file))));
    expect(stopped, file).toEqual(whole);
  }
  expect((await readdir(join(folder, 'stopped'))).toSorted()).toEqual([
    'discriminator.safetensors',
    'generator.safetensors',
    'history.json',
    'samples',
  ]);
});

test('history and samples are there to be plotted', async () => {
  await trainGanInFolder(input('plotted'));
  const { points } = JSON.parse(await readFile(join(folder, 'plotted', 'history.json'), 'utf8'));
  expect(points.map(({ epoch }: { epoch: number }) => epoch)).toEqual([1, 2, 3]);
  const picture = decode(await readFile(join(folder, 'plotted', 'samples', 'epoch-001.png')));
  expect([picture.width, picture.height, picture.channels]).toEqual([64, 64, 1]);
  const { tensors } = decodeSafetensors(await readFile(join(folder, 'plotted', 'generator.safetensors')));
  expect(tensors.get('up2.weight')?.shape).toEqual([4, 4, 1, 32]);
});

test('a checkpoint of another run is refused, and so is one that was cut short', async () => {
  const stop = new AbortController();
  const onStep = (epoch: number) => epoch === 1 && stop.abort(new Error('stopped by hand'));
  await expect(trainGanInFolder(input('other', { signal: stop.signal, onStep }))).rejects.toThrow('stopped');
  const checkpoint = join(folder, 'other', 'checkpoint.safetensors');
  const refused = (message: string) => ({
    kind: 'integrity',
    message: expect.stringContaining(`${checkpoint}: the checkpoint ${message}`),
    hint: expect.stringContaining('--no-resume'),
  });
  await expect(trainGanInFolder(input('other', { seed: 2 }))).rejects.toMatchObject(refused('belongs to another run'));
  await writeFile(checkpoint, (await readFile(checkpoint)).subarray(0, 1000));
  await expect(trainGanInFolder(input('other'))).rejects.toMatchObject(refused('is damaged'));
});
