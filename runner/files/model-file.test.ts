import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Classifier } from '#core/models/classifier.ts';
import { openSent } from '#core/models/sent-model.ts';
import { isModelFile, readModelFile } from './model-file.ts';
import { type LinearOnnx, linearOnnx } from './testing/onnx.ts';

let folder: string;
let path: string;
beforeAll(() => tf.setBackend('cpu'));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parapet-model-'));
  path = join(folder, 'net.onnx');
});
afterEach(() => rm(folder, { recursive: true }));

/** Two classes of images of 1 × 2: the first pixel against the second. */
const weights = Float32Array.of(1, 0, 0, 1);
const net: LinearOnnx = { inputShape: [1, 2, 1], weights, bias: Float32Array.of(0, 0.5) };
const bytesOf = (values: Float32Array) => new Uint8Array(values.buffer);
const scores = (classifier: Classifier) =>
  Array.from(classifier.logits(tf.tensor4d([0.25, 1], [1, 1, 2, 1])).dataSync());

describe('a model file', () => {
  it('answers as its graph says, and is known by what it holds', async () => {
    await writeFile(path, linearOnnx(net));
    const read = await readModelFile(path, null);
    expect(scores(await openSent(read.sent()))).toEqual([0.25, 1.5]);
    expect(read).toMatchObject({ name: 'net.onnx', weightsSha256: null });
    await writeFile(path, linearOnnx({ ...net, bias: Float32Array.of(0, 0.25) }));
    expect((await readModelFile(path, null)).digest).not.toBe(read.digest);
  });

  it('may be a link, as in a store of models', async () => {
    await writeFile(join(folder, 'blob.onnx'), linearOnnx(net));
    await symlink(join(folder, 'blob.onnx'), path);
    expect(scores(await openSent((await readModelFile(path, null)).sent()))).toEqual([0.25, 1.5]);
  });

  it('takes its weights from the file beside it', async () => {
    const external = { location: 'net.onnx.data', offset: 8, length: 16 };
    await writeFile(path, linearOnnx({ ...net, external }));
    await writeFile(`${path}.data`, Buffer.concat([new Uint8Array(8), bytesOf(weights)]));
    const read = await readModelFile(path, null);
    expect(scores(await openSent(read.sent()))).toEqual([0.25, 1.5]);
    await writeFile(`${path}.data`, Buffer.concat([new Uint8Array(8), bytesOf(weights.map((w) => 2 * w))]));
    expect((await readModelFile(path, null)).digest).not.toBe(read.digest);
  });

  it.each([
    ['../net.onnx.data', 0, /its weights lie in '\.\.\/net\.onnx\.data'; of the files beside it only net\.onnx\.data/],
    ['/etc/passwd', 0, /its weights lie in '\/etc\/passwd'/],
    ['other.bin', 0, /its weights lie in 'other\.bin'/],
    ['net.onnx.data', 8, /net\.onnx\.data has 16 bytes; a tensor wants those from 8 to 24/],
  ])('reads nothing but its part of that file: %s from %d', async (location, offset, message) => {
    await writeFile(path, linearOnnx({ ...net, external: { location, offset, length: 16 } }));
    await writeFile(`${path}.data`, bytesOf(weights));
    const read = await readModelFile(path, null);
    await expect(openSent(read.sent())).rejects.toThrow(message);
  });

  it('does not follow a link to its weights, and says when they are missing', async () => {
    await writeFile(path, linearOnnx({ ...net, external: { location: 'net.onnx.data', offset: 0, length: 16 } }));
    const read = await readModelFile(path, null);
    await expect(openSent(read.sent())).rejects.toThrow(/its weights lie in net\.onnx\.data, which is not beside it/);
    await writeFile(join(folder, 'elsewhere'), bytesOf(weights));
    await symlink(join(folder, 'elsewhere'), `${path}.data`);
    await expect(readModelFile(path, null)).rejects.toThrow(/net\.onnx\.data is a link/);
  });

  it.each([
    ['missing.onnx', null, /missing\.onnx: there is no such file/],
    ['net.pt', null, /\.pt files can run code when they are opened/],
    ['net.safetensors', null, /weights alone say nothing of the net/],
    ['net.onnx', 'papernot-mnist', /--architecture: .*net\.onnx holds its architecture itself/],
  ])('is refused with one sentence: %s as %s', async (name, architecture, message) => {
    await writeFile(join(folder, 'net.pt'), '');
    await expect(readModelFile(join(folder, name), architecture)).rejects.toThrow(message);
    await expect(readModelFile(join(folder, name), architecture)).rejects.toMatchObject({ kind: 'usage' });
  });

  describe('of TensorFlow.js', () => {
    /** The same net: flattened images times a matrix. */
    const topology = {
      class_name: 'Sequential',
      config: {
        layers: [
          { class_name: 'Flatten', config: { name: 'flat', batch_input_shape: [null, 1, 2, 1] } },
          { class_name: 'Dense', config: { name: 'dense', units: 2, activation: 'softmax' } },
        ],
      },
    };
    const listed = [
      { name: 'dense/kernel', shape: [2, 2], dtype: 'float32' },
      { name: 'dense/bias', shape: [2], dtype: 'float32' },
    ];
    const write = (paths: readonly string[]) => {
      const weightsManifest = [{ paths, weights: listed }];
      return writeFile(path, JSON.stringify({ format: 'layers-model', modelTopology: topology, weightsManifest }));
    };
    const shards = ['group1-shard1of2.bin', 'group1-shard2of2.bin'] as const;

    beforeEach(async () => {
      path = join(folder, 'model.json');
      await writeFile(join(folder, shards[0]), bytesOf(weights));
      await writeFile(join(folder, shards[1]), bytesOf(net.bias));
    });

    it('takes its weights from the files that it lists', async () => {
      await write(shards);
      const read = await readModelFile(path, null);
      expect(scores(await openSent(read.sent()))).toEqual([0.25, 1.5]);
      await writeFile(join(folder, shards[1]), bytesOf(Float32Array.of(1, 1)));
      expect((await readModelFile(path, null)).digest).not.toBe(read.digest);
    });

    it('reads no other files: none elsewhere, through a link or missing', async () => {
      await write(['../outside.bin']);
      await expect(readModelFile(path, null)).rejects.toThrow("'../outside.bin' is no plain file name");
      await write([shards[0], 'missing.bin']);
      await expect(readModelFile(path, null)).rejects.toThrow('its weights lie in missing.bin, which is not beside it');
      await symlink(join(folder, shards[1]), join(folder, 'link.bin'));
      await write([shards[0], 'link.bin']);
      await expect(readModelFile(path, null)).rejects.toThrow('link.bin is a link');
    });

    it('says that it needs no architecture, and that other JSON is none', async () => {
      await write(shards);
      await expect(readModelFile(path, 'papernot-mnist')).rejects.toThrow('holds its architecture itself');
      await writeFile(path, '{"robustAccuracy":1}');
      await expect(readModelFile(path, null)).rejects.toThrow('tfjs model: model.json: format');
    });
  });

  it('that is cut short or a Git LFS pointer is an invalid model', async () => {
    await writeFile(path, linearOnnx(net).subarray(0, 60));
    const read = await readModelFile(path, null);
    await expect(openSent(read.sent())).rejects.toThrow(/^ONNX: /);
    await writeFile(path, 'version https://git-lfs.github.com/spec/v1\n');
    await expect(readModelFile(path, null)).rejects.toThrow(/is a Git LFS pointer/);
  });
});

it('is told from a folder by its ending', () => {
  expect(['a.onnx', 'B.ONNX', 'c.safetensors', 'd.pth', 'model.json'].every(isModelFile)).toBe(true);
  expect(['submissions/Undefended', 'folder/', 'readme.md'].some(isModelFile)).toBe(false);
});
