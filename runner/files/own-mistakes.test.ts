/** What a person is told of an honest mistake with a model or pictures of their own: what came, what was wanted, and the way out. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ParapetError } from '#core/errors.ts';
import { encodeSafetensors } from '#core/models/safetensors.ts';
import { openSent } from '#core/models/sent-model.ts';
import { readModelFile, refuseOtherFile } from './model-file.ts';
import { readOwnData } from './own-data.ts';
import { linearOnnx } from './testing/onnx.ts';

let folder: string;
beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'parapet mistakes é '));
});
afterAll(() => rm(folder, { recursive: true }));

async function put(name: string, bytes: Uint8Array | string): Promise<string> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
  return path;
}

const weights = Float32Array.from({ length: 2 * 48 }, (_, i) => Math.sin(i));
const net = { inputShape: [4, 4, 3], weights, bias: new Float32Array(2) } as const;
const onnx = linearOnnx(net);

/** Says what is thrown as a person reads it. */
async function told(what: () => Promise<unknown>): Promise<string> {
  const error = (await what().catch((thrown) => thrown)) as ParapetError;
  return `${error.exitCode}: ${error.message}\n${error.hint}`;
}

describe('a model file', () => {
  const open = (name: string, bytes: Uint8Array | string, architecture: string | null = null) =>
    told(async () => openSent((await readModelFile(await put(name, bytes), architecture)).sent([4, 4, 3])));

  it.each([
    ['cut short', 'a.onnx', onnx.subarray(0, 300), null, /^3: ONNX: the file is not whole.*\nexport/],
    ['empty', 'b.onnx', '', null, /^3: ONNX: it has no graph or no opset\nis it an ONNX model\?/],
    ['of PyTorch', 'c.pt', 'PK', null, /^2: .*c\.pt: \.pt files can run code.*wanted \.onnx.*\n.*torch\.onnx\.export/],
    [
      'for other images',
      'd.onnx',
      linearOnnx({ ...net, inputShape: [3, 4, 3], weights: weights.subarray(0, 72) }),
      null,
      /^3: ONNX: its input 'images' has \[\?, 3, 3, 4\]; the images are \[3, 4, 4\].*\ngive images of the size/,
    ],
    [
      'with a single score',
      'e.onnx',
      linearOnnx({ ...net, weights: weights.subarray(0, 48), bias: new Float32Array(1) }),
      null,
      /^3: ONNX: its scores of 2 images have the shape \[2,1\]; wanted \[2, classes\], two classes or more\none score z/,
    ],
    [
      'with weights that are no numbers',
      'f.onnx',
      linearOnnx({ ...net, weights: weights.map(() => Number.NaN) }),
      null,
      /^3: ONNX: .*not finite\nlook for NaN among the weights/,
    ],
    [
      'without its weights',
      'g.onnx',
      linearOnnx({ ...net, external: { location: 'g.onnx.data', offset: 0, length: 384 } }),
      null,
      /^3: g\.onnx: its weights lie in g\.onnx\.data, which is not beside it\nput that file there too/,
    ],
    ['without an architecture', 'h.safetensors', '', null, /^2: .*h\.safetensors: weights alone.*\nadd --architecture/],
    [
      'of an architecture by half its name',
      'i.safetensors',
      '',
      'lenet',
      /^3: architecture: there is no 'lenet'; did you mean 'lenet-mnist'\?\nthe architectures are/,
    ],
    [
      'of an architecture with a slip',
      'j.safetensors',
      '',
      'papernto-mnist',
      /^3: architecture: .*; did you mean 'papernot-mnist'\?/,
    ],
    [
      'of another architecture',
      'k.safetensors',
      encodeSafetensors({ w: { shape: [2], data: new Float32Array(2) } }),
      'lenet-mnist',
      /^3: weights do not fit lenet-mnist: 'conv1\.weight' is missing;.*'w' is not a parameter\ncheck which architecture/,
    ],
    [
      'of TensorFlow.js without its parts',
      'l.json',
      '{"format":"layers-model"}',
      null,
      /^3: tfjs model: model\.json: modelTopology: is missing, or no object; weightsManifest: is missing, or no list\n/,
    ],
  ])('%s', async (_, name, bytes, architecture, message) => {
    expect(await open(name, bytes, architecture)).toMatch(message);
  });

  it.each([
    ['net.tflite', /^2: .*net\.tflite: is a file of the kind \.tflite; wanted \.onnx.*\npython -m tf2onnx.* --tflite/],
    ['net.zip', /^2: .*net\.zip: is a file of the kind \.zip; wanted.*\nunpack it/],
    ['net', /^2: .*net: is a file without an ending; wanted.*\ngive it the ending of what it holds/],
  ])('of another kind: %s', async (name, message) => {
    const path = await put(`kinds/${name}`, onnx);
    expect(await told(() => refuseOtherFile(path))).toMatch(message);
  });

  it('is not what a folder or a description is taken for', async () => {
    await refuseOtherFile(folder);
    await refuseOtherFile(await put('submission.yaml', ''));
    await refuseOtherFile(join(folder, 'nowhere'));
  });
});

describe('data', () => {
  const model = { inputShape: [4, 4, 3], classes: 2 } as const;
  const picture = (side = 4) =>
    sharp({ create: { width: side, height: side, channels: 3, background: '#777' } })
      .png()
      .toBuffer();
  const load = (path: string) => told(async () => (await readOwnData({ path })).load(10, model));

  it.each([
    ['x.npy', /^2: --data: .* of the kind \.npy\nwanted a folder.*np\.savez\("data\.npz"/],
    ['x.zip', /^2: --data: .* of the kind \.zip\nwanted a folder.*: unpack it first/],
    ['x.csv', /^2: --data: .* of the kind \.csv\nwanted a folder .* with x and y$/],
  ])('of another kind: %s', async (name, message) => {
    expect(await load(await put(name, 'x'))).toMatch(message);
  });

  it('a picture that is cut short within its first bytes is named in one clean sentence', async () => {
    await put('cut/cat/1.png', await picture());
    await put('cut/dog/1.png', (await picture(64)).subarray(0, 60));
    expect(await load(join(folder, 'cut'))).toMatch(/^2: .*cut\/dog\/1\.png: .*[a-z]\nmend the file or take it away$/);
  });

  it('what is passed over in the folder of a class is said', async () => {
    for (const name of ['cat/1.png', 'dog/1.png']) await put(`mixed/${name}`, await picture());
    const notes = async () => (await (await readOwnData({ path: join(folder, 'mixed') })).load(10, model)).notes;
    expect(await notes()).toEqual([]);
    await put('mixed/cat/more/2.png', await picture());
    const reason = 'left out, since only .png and .jpg files directly in the folder of a class are taken';
    expect(await notes()).toEqual([`${reason}: cat/more`]);
    await put('mixed/dog/2.webp', '');
    expect(await notes()).toEqual([`${reason}: cat/more and 1 more`]);
  });
});
