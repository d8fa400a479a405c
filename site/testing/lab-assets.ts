/**
 * Makes the files that the page of the lab is built with, from MNIST's test set and the committed weights:
 *
 *     node site/testing/lab-assets.ts
 *
 * `site/lab/digits.safetensors`: the first two test images of each class. `site/lab/example.safetensors`: one attack,
 * computed beforehand. A test compares the first with the test set.
 */
import { readFile, writeFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs';
import { findAttack } from '#core/attacks/index.ts';
import { runAttack } from '#core/attacks/run.ts';
import { loadClassifier } from '#core/models/index.ts';
import { encodeSafetensors } from '#core/models/safetensors.ts';
import { startBackend } from '../../runner/backends/index.ts';
import { loadDataset } from '../../runner/files/datasets.ts';
import { CLASSES, PIXELS, SIDE } from '../lab/catalogue.ts';

/** Of each class the first so many. */
const PER_CLASS = 2;
const EPSILON = 0.3;

const { x, y } = await loadDataset('mnist', 'test', { limit: 1000 });
/** Index of the n-th image of a class. */
const nth = (label: number, n: number) => Array.from(y.keys()).filter((i) => y[i] === label)[n] as number;
const chosen = Array.from({ length: PER_CLASS * CLASSES }, (_, i) => nth(i % CLASSES, Math.floor(i / CLASSES)));

await writeFile(
  'site/lab/digits.safetensors',
  encodeSafetensors(
    {
      examples: { shape: [chosen.length], data: Int32Array.from(chosen) },
      labels: { shape: [chosen.length], data: Uint8Array.from(chosen, (i) => y[i] as number) },
      images: {
        shape: [chosen.length, SIDE, SIDE, 1],
        data: Uint8Array.from(
          chosen.flatMap((i) =>
            Array.from(x.subarray(i * PIXELS, (i + 1) * PIXELS), (value) => Math.round(value * 255)),
          ),
        ),
      },
    },
    { source: 'MNIST, test set: the first two images of each class' },
  ),
);

const weights = process.argv[2] ?? 'submissions/Undefended/model.safetensors';
await startBackend('wasm');
const classifier = loadClassifier('papernot-mnist', await readFile(weights));
const [example] = chosen as [number];
const image = x.slice(example * PIXELS, (example + 1) * PIXELS);
const label = y[example] as number;
const { xAdv } = await runAttack({
  ...{ attack: findAttack('pgd'), options: {}, classifier, norm: 'Linf', epsilon: EPSILON, seed: 0, stream: 'pgd' },
  ...{ x: image, y: Int32Array.of(label), target: null, examples: Int32Array.of(example) },
});
const both = tf.tensor4d(Float32Array.from([...image, ...xAdv]), [2, SIDE, SIDE, 1]);
const logits = (await classifier.logits(both).data()) as Float32Array;
const shape = [SIDE, SIDE, 1];
await writeFile(
  'site/lab/example.safetensors',
  encodeSafetensors(
    {
      x: { shape, data: image },
      xAdv: { shape, data: xAdv },
      logits: { shape: [2, CLASSES], data: logits },
    },
    { label: String(label), epsilon: String(EPSILON), example: String(example) },
  ),
);
