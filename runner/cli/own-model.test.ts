import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Result } from '#core/result.ts';
import { encodeNpy } from '../files/npy.ts';
import { linearOnnx } from '../files/testing/onnx.ts';
import { writeZip } from '../files/zip.ts';
import { makeSubmission } from '../shards/test-submission.ts';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parapet own '));
  await makeSubmission(folder, 7);
  // What is brighter in its upper half is a 7, as the first test image is, and all else a 0.
  const weights = Float32Array.from({ length: 7840 }, (_, i) => {
    const half = Math.floor(i / 392);
    return half === 14 || half === 1 ? 0.1 : 0;
  });
  const bias = Float32Array.from({ length: 10 }, (_, i) => (i === 7 || i === 0 ? 0 : -99));
  await writeFile(join(folder, 'my net.onnx'), linearOnnx({ inputShape: [28, 28, 1], weights, bias }));
  await writeFile(
    join(folder, 'small.onnx'),
    linearOnnx({ inputShape: [1, 2, 1], weights: Float32Array.of(1, 0, 0, 1), bias: new Float32Array(2) }),
  );
  // Whichever pixel is brighter; the last image is labelled wrong.
  const x = Float32Array.of(0.9, 0.1, 0.1, 0.9, 0.55, 0.5, 0.3, 0.4, 0.8, 0.2, 0.6, 0.7);
  const y = Int32Array.of(0, 1, 0, 1, 0, 0);
  await writeFile(
    join(folder, 'pairs.npz'),
    writeZip({ 'x.npy': encodeNpy([6, 1, 2, 1], x), 'y.npy': encodeNpy([6], y) }),
  );
  for (const [name, ...pixels] of [
    ['left', 230, 20],
    ['right', 20, 230],
  ] as const) {
    await mkdir(join(folder, 'photos', name), { recursive: true });
    const raw = { width: 2, height: 1, channels: 1 } as const;
    await sharp(Buffer.from(pixels), { raw })
      .png()
      .toFile(join(folder, 'photos', name, '1.png'));
  }
});
afterAll(() => rm(folder, { recursive: true }));

function parapet(...args: readonly string[]) {
  const options = { encoding: 'utf8', cwd: folder, env: { ...process.env, NO_COLOR: '1' }, timeout: 300_000 } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], options);
  return { status, stdout, stderr };
}

const wasm = ['--backend', 'wasm', '--processes', '1'];

describe('evaluate of a model file', () => {
  it('attacks an ONNX file on a track, and says which file it was', () => {
    const args = ['--track', 'mnist-linf-0.3', '--examples', '4', ...wasm, '--json'];
    const { stdout, status } = parapet('evaluate', 'my net.onnx', ...args);
    expect(status).toBe(0);
    const result = JSON.parse(stdout) as Result;
    expect(result).toMatchObject({
      submission: { id: 'my-net' },
      model: { file: 'my net.onnx', notes: [] },
      dataset: { id: 'mnist' },
      examples: 4,
      robustAccuracy: { value: 0 },
      evidence: { file: 'my-net.examples.safetensors', backend: 'cpu' },
    });
    expect(result.cleanAccuracy.value).toBeGreaterThan(0);
    expect(result.evidence.verified).toBeGreaterThan(0);
  });

  it('attacks weights of an architecture', () => {
    const args = ['--architecture', 'papernot-mnist', '--track', 'mnist-linf-0.3', '--examples', '2', ...wasm];
    const { stdout, status } = parapet('evaluate', 'Test2026Net/weights.safetensors', ...args);
    expect(stdout).toMatch(/^weights · MNIST, L∞ ≤ 0\.3/);
    expect(status).toBe(0);
  });

  it('attacks on arrays of one’s own, of two classes: what is near the border falls', () => {
    const own = ['--data', 'pairs.npz', '--norm', 'linf', '--epsilon', '0.1', ...wasm, '--json'];
    const { stdout, status } = parapet('evaluate', 'small.onnx', ...own);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      track: 'pairs-linf-0.1',
      threat: { norm: 'Linf', epsilon: 0.1 },
      dataset: { id: 'pairs', split: 'own' },
      examples: 6,
      cleanAccuracy: { value: 5 / 6 },
      // 0.55 against 0.5 and 0.3 against 0.4 are within reach of 0.1 each.
      robustAccuracy: { value: 0.5 },
    });
  });

  it('attacks on a folder of pictures', () => {
    const own = ['--data', 'photos/', '--norm', 'l1', '--epsilon', '0.5', ...wasm];
    const { stdout, status } = parapet('evaluate', 'small.onnx', ...own);
    expect(stdout).toMatch(/^small · photos, L1 ≤ 0\.5 · suite quick, 2 examples/);
    expect(status).toBe(0);
  });

  const own = ['--data', 'pairs.npz', '--norm', 'linf', '--epsilon', '0.1'];
  const track = ['--track', 'mnist-linf-0.3'];
  it.each([
    [['small.onnx', '--data', 'pairs.npz'], 2, /--norm and --epsilon: missing/],
    [['small.onnx', ...own, ...track], 2, /--track and --data came; wanted one of them/],
    [['small.onnx', ...track, '--epsilon', '0.1'], 2, /--epsilon: the track decides that/],
    [['small.onnx', ...own, '--norm', 'l3'], 2, /--norm: there is no 'l3'/],
    [['small.onnx', ...own, '--epsilon', '8'], 2, /--epsilon: 8 in Linf allows any image.*\n.*8\/255, not 8/],
    [['small.onnx', ...own, '--epsilon', 'x'], 2, /--epsilon: 'x'; wanted a number above 0/],
    [['small.onnx', ...own, '--norm', 'l0'], 2, /--epsilon: '0\.1'; wanted how many values may change/],
    [['small.onnx', ...own, '--suite', 'papernot2016'], 2, /suite papernot2016 has no attacks in Linf/],
    [['my net.onnx', ...own], 3, /the images are \[1, 1, 2\]/],
    [['Test2026Net', '--data', 'pairs.npz'], 2, /--data: only for a model file/],
    [['my net.onnx'], 2, /neither --track nor --data came/],
    [
      ['my net.onnx', ...track, '--publish'],
      2,
      /--publish: only submissions are published.*\n {2}make it a submission/,
    ],
    [['my net.onnx', 'small.onnx', ...track], 2, /a model file is evaluated by itself/],
    [['my net.onnx', ...track, '--shard', '1/2'], 2, /--shard: only evaluations of submissions are split/],
    [['absent.onnx', ...track], 2, /absent\.onnx: there is no such file/],
    [['small.onnx', ...track], 3, /its input 'images' has \[\?, 1, 1, 2\]; the images are \[1, 28, 28\]/],
    [['my net.onnx', '--track', 'cifar10-l2-0.5'], 3, /the images are \[3, 32, 32\]/],
    [
      ['Test2026Net/weights.safetensors', ...track, '--architecture', 'resnet'],
      3,
      /architecture: there is no 'resnet'/,
    ],
    [['Test2026Net', ...track, '--architecture', 'papernot-mnist'], 2, /--architecture: only for a model file/],
  ])('says what is wrong with %j', (args, code, message) => {
    const { status, stderr, stdout } = parapet('evaluate', ...args, '--backend', 'wasm');
    expect(stderr).toMatch(message);
    expect({ status, stdout }).toEqual({ status: code, stdout: '' });
  });
});
