/** Small submissions of MNIST of every kind, for tests: linear nets whose rows are the means of images, which tell most digits apart. */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeSafetensors } from '#core/models/safetensors.ts';
import { loadDataset } from '../datasets.ts';
import { linearOnnx } from './onnx.ts';

const PIXELS = 784;
const CLASSES = 10;
const SEEN = 300;

/** A linear net: weights [classes × pixels], bias [classes]. */
export interface LinearNet {
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

export interface MadeSubmission {
  readonly id: string;
  readonly manifest: Readonly<Record<string, unknown>>;
  readonly files: Readonly<Record<string, Uint8Array>>;
}

/** @param offset first image that the means are taken of; another makes a net that differs a little */
export async function meanNet(offset: number): Promise<LinearNet> {
  const { x, y } = await loadDataset('mnist', 'test', { limit: offset + SEEN });
  const sums = new Float32Array(CLASSES * PIXELS);
  const counts = new Float32Array(CLASSES);
  for (let i = offset; i < offset + SEEN; i++) {
    const label = y[i] as number;
    counts[label] = (counts[label] as number) + 1;
    for (let p = 0; p < PIXELS; p++)
      sums[label * PIXELS + p] = (sums[label * PIXELS + p] as number) + (x[i * PIXELS + p] as number);
  }
  const weights = sums.map((sum, i) => (0.2 * sum) / (counts[Math.floor(i / PIXELS)] as number));
  const bias = Float32Array.from({ length: CLASSES }, (_, c) => {
    const row = weights.subarray(c * PIXELS, (c + 1) * PIXELS);
    return -2.5 * row.reduce((sum, value) => sum + value * value, 0);
  });
  return { weights, bias };
}

export function sha256(...parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

export function onnxOf({ weights, bias }: LinearNet): Uint8Array {
  return linearOnnx({ inputShape: [28, 28, 1], weights, bias });
}

/** The same as weights of softmax-regression-mnist. */
export function safetensorsOf({ weights, bias }: LinearNet): Uint8Array {
  return encodeSafetensors({
    'fc.weight': { shape: [CLASSES, PIXELS], data: weights },
    'fc.bias': { shape: [CLASSES], data: bias },
  });
}

/** The same as a LayersModel: model.json, and its one file of weights. */
export function tfjsOf({ weights, bias }: LinearNet, shard = 'weights.bin'): { json: Uint8Array; shard: Uint8Array } {
  const turned = Float32Array.from(
    weights,
    (_, i) => weights[(i % CLASSES) * PIXELS + Math.floor(i / CLASSES)] as number,
  );
  const layers = [
    { class_name: 'Flatten', config: { name: 'flat', batch_input_shape: [null, 28, 28, 1] } },
    { class_name: 'Dense', config: { name: 'dense', units: CLASSES, activation: 'linear' } },
  ];
  const listed = [
    { name: 'dense/kernel', shape: [PIXELS, CLASSES], dtype: 'float32' },
    { name: 'dense/bias', shape: [CLASSES], dtype: 'float32' },
  ];
  const model = {
    format: 'layers-model',
    modelTopology: { class_name: 'Sequential', config: { layers } },
    weightsManifest: [{ paths: [shard], weights: listed }],
  };
  return {
    json: new TextEncoder().encode(JSON.stringify(model)),
    shard: Buffer.concat([new Uint8Array(turned.buffer), new Uint8Array(bias.buffer)]),
  };
}

/** 16 images with what a linear net says of them, as `reference` wants them. */
export function referenceOf(
  { weights, bias }: LinearNet,
  x: Float32Array,
  change: (pixel: number) => number = (pixel) => pixel,
): Uint8Array {
  const images = x.slice(0, 16 * PIXELS);
  const logits = Float32Array.from({ length: 16 * CLASSES }, (_, i) => {
    const [image, c] = [Math.floor(i / CLASSES), i % CLASSES];
    let sum = bias[c] as number;
    for (let p = 0; p < PIXELS; p++)
      sum += change(images[image * PIXELS + p] as number) * (weights[c * PIXELS + p] as number);
    return sum;
  });
  return encodeSafetensors({
    x: { shape: [16, 28, 28, 1], data: images },
    logits: { shape: [16, CLASSES], data: logits },
  });
}

function manifestOf(id: string, rest: object): MadeSubmission['manifest'] {
  return { id, name: id, authors: ['Parapet'], licence: 'CC0-1.0', datasets: ['mnist'], ...rest };
}

/** One of each kind: a graph with its reference, a LayersModel, two nets averaged, three that vote, one whose images are rounded. */
export async function everyKind(): Promise<MadeSubmission[]> {
  const nets = (await Promise.all([0, 300, 600].map(meanNet))) as [LinearNet, LinearNet, LinearNet];
  const { x } = await loadDataset('mnist', 'test', { limit: 16 });
  const [a, b, c] = nets.map(onnxOf) as [Uint8Array, Uint8Array, Uint8Array];
  const weights = safetensorsOf(nets[0]);
  const reference = referenceOf(nets[0], x);
  const tfjs = tfjsOf(nets[0]);
  const onnx = (file: string, bytes: Uint8Array) => ({ format: 'onnx', file, sha256: sha256(bytes) });
  const bare = {
    ...{ format: 'safetensors', architecture: 'softmax-regression-mnist', file: 'a.safetensors' },
    sha256: sha256(weights),
  };
  return [
    {
      id: 'Kind2026Onnx',
      manifest: manifestOf('Kind2026Onnx', {
        model: {
          ...onnx('model.onnx', a),
          reference: { file: 'reference.safetensors', sha256: sha256(reference) },
        },
      }),
      files: { 'model.onnx': a, 'reference.safetensors': reference },
    },
    {
      id: 'Kind2026Tfjs',
      manifest: manifestOf('Kind2026Tfjs', {
        model: {
          ...{ format: 'tfjs', file: 'model.json', sha256: sha256(tfjs.json), weightsSha256: sha256(tfjs.shard) },
        },
      }),
      files: { 'model.json': tfjs.json, 'weights.bin': tfjs.shard },
    },
    {
      id: 'Kind2026Averaging',
      manifest: manifestOf('Kind2026Averaging', {
        models: [bare, onnx('b.onnx', b)],
        defenses: [{ id: 'averaging', options: { of: 'logits' } }],
      }),
      files: { 'a.safetensors': weights, 'b.onnx': b },
    },
    {
      id: 'Kind2026Vote',
      manifest: manifestOf('Kind2026Vote', {
        models: [onnx('a.onnx', a), onnx('b.onnx', b), onnx('c.onnx', c)],
        defenses: [{ id: 'vote' }],
      }),
      files: { 'a.onnx': a, 'b.onnx': b, 'c.onnx': c },
    },
    {
      id: 'Kind2026BitDepth',
      manifest: manifestOf('Kind2026BitDepth', {
        model: onnx('a.onnx', a),
        defenses: [{ id: 'bit-depth', options: { bits: 3 } }],
      }),
      files: { 'a.onnx': a },
    },
  ];
}

/** @returns its folder */
export async function writeSubmission(parent: string, { id, manifest, files }: MadeSubmission): Promise<string> {
  const folder = join(parent, id);
  await mkdir(folder, { recursive: true });
  // JSON is YAML.
  await writeFile(join(folder, 'submission.yaml'), JSON.stringify(manifest, null, 2));
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
  return folder;
}
