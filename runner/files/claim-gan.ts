/** The generative adversarial net of an experiment: trained as `train-gan` does, once for each kind of machine. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { decode } from 'fast-png';
import type { GanWanted, TrainedGan } from '#core/claims/experiment.ts';
import type { Examples } from '#core/datasets/dataset.ts';
import { digestOf } from '#core/digest.ts';
import { decodeSafetensors } from '#core/models/safetensors.ts';
import { exampleRandom } from '#core/random.ts';
import { toTensors } from '#core/training/batches.ts';
import type { GanPoint } from '#core/training/gan/epoch.ts';
import { generator, LATENT } from '#core/training/gan/nets.ts';
import { ganOptionsSchema } from '#core/training/gan/options.ts';
import type { Weights } from '#core/training/state.ts';
import type { BackendReport } from '../backends/index.ts';
import { trainGanInFolder } from './gan.ts';
import { sha256Of } from './sha256.ts';

/** Images made at a time. */
const BATCH = 500;

export interface ReadyGan extends TrainedGan {
  /** SHA-256 of the generator's weights as a file. */
  readonly sha256: string;
}

interface GanContext {
  /** Where trained ones lie, and are looked for. */
  readonly folder: string;
  readonly backend: BackendReport;
  readonly dataset: string;
  readonly train: Examples & { readonly digest: string };
  /** Height and width of its grey images. */
  readonly side: number;
  readonly signal?: AbortSignal | undefined;
  readonly onEpoch?: (epoch: number, epochs: number) => void;
}

/** @throws what training throws */
export async function readyGan({ epochs, seed }: GanWanted, context: GanContext): Promise<ReadyGan> {
  const { backend, dataset, train, side, signal, onEpoch } = context;
  const options = ganOptionsSchema.parse({ epochs });
  const { name, threads } = backend;
  const key = digestOf({ dataset, options, seed, data: train.digest, backend: [name, threads] });
  const out = join(context.folder, `${dataset}-${key.slice(0, 12)}`);
  const weights = join(out, 'generator.safetensors');
  const shape = [side, side, 1] as const;
  if (!existsSync(weights)) {
    await trainGanInFolder({
      dataset,
      data: train,
      shape,
      options,
      seed,
      backend,
      out,
      resume: true,
      ...(signal && { signal }),
      onEpoch: ({ epoch }) => onEpoch?.(epoch, epochs),
    });
  }
  const file = await readFile(weights);
  const history = JSON.parse(await readFile(join(out, 'history.json'), 'utf8')) as { points: GanPoint[] };
  return {
    history: history.points,
    grids: await gridsIn(join(out, 'samples')),
    generate: (count, from) => generate(file, shape, count, from),
    sha256: sha256Of(file),
  };
}

/** The pictures of each epoch; their names count the epochs. */
async function gridsIn(folder: string): Promise<TrainedGan['grids']> {
  const names = (await readdir(folder)).sort();
  const files = await Promise.all(names.map((name) => readFile(join(folder, name))));
  return files.map((bytes) => {
    const { data, width } = decode(bytes);
    return { pixels: Uint8Array.from(data), side: width };
  });
}

async function generate(
  file: Uint8Array,
  shape: readonly [number, number, number],
  count: number,
  seed: number,
): Promise<Float32Array> {
  const { parameters, forward } = generator(shape);
  const { tensors } = decodeSafetensors(file);
  const weights = Object.fromEntries([...tensors].map(([name, { data }]) => [name, data])) as Weights;
  const random = exampleRandom(seed, 'claim/samples');
  const size = shape[0] * shape[1] * shape[2];
  const pixels = new Float32Array(count * size);
  for (let start = 0; start < count; start += BATCH) {
    const rows = Array.from({ length: Math.min(BATCH, count - start) }, (_, row) => start + row);
    const images = tf.tidy(() => {
      const own = toTensors(parameters, weights);
      const z = tf.tensor2d(random.normal(rows, 0, LATENT), [rows.length, LATENT]);
      return forward(Object.fromEntries(parameters.map(({ name }, i) => [name, own[i] as tf.Tensor])), z);
    });
    pixels.set(await images.data<'float32'>(), start * size);
    images.dispose();
  }
  return pixels;
}
