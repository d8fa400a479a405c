/**
 * Makes the files that the page of the lab is built with, from MNIST's test set and the committed weights:
 *
 *     node site/testing/lab-assets.ts
 *
 * A test says when they are out of date.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { findAttack } from '#core/attacks/index.ts';
import { runAttack } from '#core/attacks/run.ts';
import { loadClassifier } from '#core/models/index.ts';
import { decodeSafetensors, encodeSafetensors } from '#core/models/safetensors.ts';
import { startBackend } from '../../runner/backends/index.ts';
import { loadDataset } from '../../runner/files/datasets.ts';
import { CLASSES, PIXELS, SIDE } from '../lab/catalogue.ts';
import { presetOf } from '../lab/menu.ts';

export const assets = { digits: 'site/lab/digits.safetensors', example: 'site/lab/example.safetensors' } as const;

/** Of each class the first so many, all classes once before any comes again. */
const PER_CLASS = 2;
/** The budget of the track, in L∞. */
const EPSILON = 0.3;

/** The stored digits: `images`, `labels`, and `examples`, their indices in the test set. */
export async function makeDigits(): Promise<Uint8Array> {
  const { x, y } = await loadDataset('mnist', 'test', { limit: 1000 });
  const nth = (label: number, n: number) => Array.from(y.keys()).filter((i) => y[i] === label)[n] as number;
  const chosen = Array.from({ length: PER_CLASS * CLASSES }, (_, i) => nth(i % CLASSES, Math.floor(i / CLASSES)));
  const bytes = chosen.flatMap((i) => Array.from(x.subarray(i * PIXELS, (i + 1) * PIXELS), (v) => Math.round(v * 255)));
  return encodeSafetensors(
    {
      examples: { shape: [chosen.length], data: Int32Array.from(chosen) },
      labels: { shape: [chosen.length], data: Uint8Array.from(chosen, (i) => y[i] as number) },
      images: { shape: [chosen.length, SIDE, SIDE, 1], data: Uint8Array.from(bytes) },
    },
    { source: 'MNIST, test set: the first two images of each class' },
  );
}

/** One attack on the first stored digit, as the lab does it when nothing is changed: PGD on the undefended net. */
export async function makeExample(digits: Uint8Array): Promise<Uint8Array> {
  await startBackend('wasm');
  const { tensors } = decodeSafetensors(digits);
  const images = tensors.get('images')?.data as Uint8Array;
  const x = Float32Array.from(images.subarray(0, PIXELS), (byte) => byte / 255);
  const label = tensors.get('labels')?.data[0] as number;
  const example = tensors.get('examples')?.data[0] as number;
  const classifier = loadClassifier('papernot-mnist', await readFile('submissions/Undefended/weights.safetensors'));
  const { xAdv } = await runAttack({
    ...{
      attack: findAttack('pgd'),
      options: presetOf('pgd'),
      classifier,
      norm: 'Linf',
      epsilon: EPSILON,
      seed: 0,
      stream: 'pgd',
    },
    ...{ x, y: Int32Array.of(label), target: null, examples: Int32Array.of(example) },
  });
  const logits = tf.tidy(() => classifier.logits(tf.tensor4d([...x, ...xAdv], [2, SIDE, SIDE, 1])));
  const shape = [SIDE, SIDE, 1];
  const made = encodeSafetensors(
    {
      x: { shape, data: x },
      xAdv: { shape, data: xAdv },
      logits: { shape: [2, CLASSES], data: (await logits.data()) as Float32Array },
    },
    { label: String(label), epsilon: String(EPSILON) },
  );
  logits.dispose();
  classifier.dispose();
  return made;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const digits = await makeDigits();
  await writeFile(assets.digits, digits);
  await writeFile(assets.example, await makeExample(digits));
}
