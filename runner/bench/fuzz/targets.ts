/** The readers of files from strangers, each with small files that are in order. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { loadOnnx } from '#core/models/onnx/classifier.ts';
import { decodeSafetensors, encodeSafetensors } from '#core/models/safetensors.ts';
import { listingOf } from '#core/models/tfjs/file.ts';
import { loadTfjs } from '#core/models/tfjs.ts';
import { savedGraph } from '#core/testing/tfjs-graphs.ts';
import { bytesOf, writtenLayers } from '#core/testing/tfjs-saved.ts';
import { parseSubmission } from '../../files/submission-text.ts';

export interface Target {
  readonly name: string;
  readonly seeds: readonly Uint8Array[];
  /** Reads a file; throws a ParapetError where it is not in order. */
  read(bytes: Uint8Array): void | Promise<void>;
}

const root = join(import.meta.dirname, '../../..');

function smallest(folder: string, ending: string, count: number): Uint8Array[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(ending))
    .map((file) => new Uint8Array(readFileSync(join(folder, file))))
    .sort((a, b) => a.length - b.length)
    .slice(0, count);
}

const exports = join(root, 'runner/core/testing/onnx/exports');
const submissions = join(root, 'submissions');

const tfjs = [writtenLayers(), savedGraph()];
const shards = new Map(tfjs.flatMap((saved) => [...saved.shards]));

export const targets: readonly Target[] = [
  {
    name: 'onnx',
    seeds: smallest(exports, '.onnx', 12),
    read(bytes) {
      const before = tf.memory().numTensors;
      loadOnnx(bytes).dispose();
      if (tf.memory().numTensors !== before) throw new Error('tensors are left behind');
    },
  },
  {
    name: 'safetensors',
    seeds: [
      ...smallest(exports, '.safetensors', 2),
      encodeSafetensors(
        { w: { shape: [2, 3], data: new Float32Array(6) }, y: { shape: [2], data: Int32Array.of(1, 2) } },
        { a: 'b' },
      ),
    ],
    read: (bytes) => void decodeSafetensors(bytes),
  },
  {
    name: 'yaml',
    seeds: readdirSync(submissions).map((id) => new Uint8Array(readFileSync(join(submissions, id, 'submission.yaml')))),
    read: (bytes) => void parseSubmission(bytes),
  },
  {
    name: 'tfjs',
    seeds: tfjs.map(({ json }) => bytesOf(json)),
    async read(bytes) {
      const before = tf.memory().numTensors;
      const { files } = listingOf(bytes);
      const model = await loadTfjs(bytes, new Map([...shards].filter(([name]) => files.includes(name))));
      try {
        tf.tidy(() => void model.logits(tf.zeros([1, ...model.inputShape]) as tf.Tensor4D));
      } finally {
        model.dispose();
      }
      if (tf.memory().numTensors !== before) throw new Error('tensors are left behind');
    },
  },
];
