/**
 * Training of a generative adversarial net on disk: a folder with both nets, the history of the run and a picture of samples for each
 * epoch. After every epoch the state is stored durably, so that a run that was killed goes on where it stood.
 */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Examples } from '#core/datasets/dataset.ts';
import type { Parameter } from '#core/models/architecture.ts';
import { encodeSafetensors } from '#core/models/safetensors.ts';
import type { GanState } from '#core/training/gan/epoch.ts';
import { discriminator, generator } from '#core/training/gan/nets.ts';
import type { GanOptions } from '#core/training/gan/options.ts';
import { decodeGanState, encodeGanState } from '#core/training/gan/state.ts';
import { SAMPLES, trainGan } from '#core/training/gan/train.ts';
import type { Weights } from '#core/training/state.ts';
import { assertBackend, type BackendReport } from '../backends/index.ts';
import { writeDurable } from './durable.ts';
import { errorCode } from './file-error.ts';
import { withLock } from './lock.ts';
import { pngOf } from './png.ts';

export interface TrainGanInput {
  readonly dataset: string;
  readonly data: Examples & { readonly digest: string };
  readonly shape: readonly [height: number, width: number, channels: number];
  readonly options: GanOptions;
  readonly seed: number;
  readonly backend: BackendReport;
  /** The folder. */
  readonly out: string;
  readonly resume: boolean;
  readonly signal?: AbortSignal;
  readonly onResume?: (epoch: number) => void;
  readonly onStep?: (epoch: number, done: number, of: number) => void;
  readonly onEpoch?: (state: GanState) => void;
}

/** @throws ParapetError 'integrity' for a checkpoint of another run or a damaged one, 'misbehaved' when a loss or a weight is no longer finite */
export async function trainGanInFolder(input: TrainGanInput): Promise<void> {
  const { dataset, data, shape, options, seed, backend, out } = input;
  const nets = { generator: generator(shape), discriminator: discriminator(shape) };
  const checkpoint = join(out, 'checkpoint.safetensors');
  const recipe = JSON.stringify({
    dataset,
    data: data.digest,
    options,
    seed,
    backend: [backend.name, backend.threads],
  });
  await withLock(join(out, 'lock'), async () => {
    if (!input.resume) await rm(checkpoint, { force: true });
    const stored = await readFile(checkpoint).catch((error) => {
      if (errorCode(error) === 'ENOENT') return null;
      throw error;
    });
    const state = stored === null ? undefined : decodeGanState(nets, stored, recipe, checkpoint);
    if (state !== undefined) input.onResume?.(state.epoch);
    const last = await trainGan({
      data,
      shape,
      options,
      seed,
      state,
      ...(input.signal && { signal: input.signal }),
      ...(input.onStep && { onStep: input.onStep }),
      async onEpoch(next, samples) {
        assertBackend();
        const name = `epoch-${String(next.epoch).padStart(3, '0')}.png`;
        await writeDurable(join(out, 'samples', name), pictureOf(samples, shape));
        await writeDurable(
          join(out, 'history.json'),
          `${JSON.stringify({ dataset, seed, options, points: next.history })}\n`,
        );
        await writeDurable(checkpoint, encodeGanState(nets, next, recipe));
        input.onEpoch?.(next);
      },
    });
    const about = { dataset, seed: String(seed), trainedOn: `${backend.name}, ${backend.threads} threads` };
    await writeDurable(join(out, 'generator.safetensors'), fileOf(nets.generator.parameters, last.average, about));
    const judge = last.discriminator.weights;
    await writeDurable(join(out, 'discriminator.safetensors'), fileOf(nets.discriminator.parameters, judge, about));
    await rm(checkpoint, { force: true });
  });
}

function fileOf(parameters: readonly Parameter[], weights: Weights, about: Readonly<Record<string, string>>) {
  const tensors = parameters.map(({ name, shape }) => [name, { shape, data: weights[name] as Float32Array }] as const);
  return encodeSafetensors(Object.fromEntries(tensors), about);
}

/** Samples side by side, as many rows as columns. */
function pictureOf(samples: Float32Array, [height, width, channels]: TrainGanInput['shape']): Uint8Array {
  const columns = Math.sqrt(SAMPLES);
  const line = width * channels;
  const pixels = new Float32Array(samples.length);
  for (let sample = 0; sample < SAMPLES; sample++) {
    const [row, column] = [Math.floor(sample / columns), sample % columns];
    for (let i = 0; i < height; i++) {
      const from = (sample * height + i) * line;
      pixels.set(samples.subarray(from, from + line), ((row * height + i) * columns + column) * line);
    }
  }
  return pngOf(pixels, [columns * height, columns * width, channels]);
}
