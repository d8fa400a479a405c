import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Result } from '#core/result.ts';
import { linearOnnx } from '../files/testing/onnx.ts';
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

  const track = ['--track', 'mnist-linf-0.3'];
  it.each([
    [['my net.onnx'], 2, /--track: none came; wanted one/],
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
    [['Test2026Net', ...track, '--architecture', 'papernot-mnist'], 2, /--architecture: a submission names its own/],
  ])('says what is wrong with %j', (args, code, message) => {
    const { status, stderr, stdout } = parapet('evaluate', ...args, '--backend', 'wasm');
    expect(stderr).toMatch(message);
    expect({ status, stdout }).toEqual({ status: code, stdout: '' });
  });
});
