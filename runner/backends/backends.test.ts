import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, test } from 'vitest';
import { registerSign } from '#core/kernels/sign.ts';
import { gpuOfDriver } from './device.ts';
import { threadCount } from './environment.ts';
import { assertBackend, pickBackend, startBackend, startReference } from './index.ts';
import { restoreRemovedUtilities } from './node-shim.ts';
import { needsNative } from './testing.ts';

type Name = 'wasm' | 'native' | 'cpu';

/** What each backend does where they differ: facts that attacks and diagnostics must allow for. */
const facts = {
  wasm: { denormals: 'kept', argMaxOfNaN: 0, clipOfNaN: 0, reluOfNaN: Number.NaN },
  cpu: { denormals: 'kept', argMaxOfNaN: 0, clipOfNaN: Number.NaN, reluOfNaN: Number.NaN },
  native: { denormals: 'flushed', argMaxOfNaN: 0, clipOfNaN: Number.NaN, reluOfNaN: Number.NaN },
} as const;

const start = async (name: Name): Promise<void> => {
  if (name === 'cpu') await startReference();
  else await startBackend(name);
};
const values = (tensor: tf.Tensor): number[] => {
  const array = [...tensor.dataSync()];
  tensor.dispose();
  return array;
};

test('wasm says that its memory is used up, and does not compute on', async () => {
  await startBackend('wasm');
  await startBackend('wasm');
  const { wasm } = tf.backend() as unknown as { wasm: Record<'_malloc' | '_free', (value: number) => number> };
  // Of the 4 GB that there can be, half; only addresses, since nothing is written there.
  const half = wasm._malloc(2 ** 31);
  expect(() => wasm._malloc(2 ** 31)).toThrow(/wasm: out of memory \(2147483648 bytes more were wanted\)/);
  wasm._free(half);
  expect(values(tf.add(1, [2, 3]))).toEqual([3, 4]);
});

describe.each(['wasm', 'native', 'cpu'] as const)('on %s', (name) => {
  const check = (title: string, body: () => void | Promise<void>): void =>
    test(title, async (context) => {
      if (name === 'native') needsNative(context);
      await start(name);
      await body();
    });

  check('it is the backend that runs', () => expect(assertBackend).not.toThrow());

  check('the sign of 1e-20 is 1, of NaN NaN', () => {
    expect(values(tf.sign([1e-20, -1e-20, 0, Number.NaN]))).toEqual([1, -1, 0, Number.NaN]);
  });

  check('max-pooling gives the gradient of equal cells to the first', () => {
    const gradient = tf.grad((x) => tf.sum(tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid')));
    expect(values(gradient(tf.ones([1, 2, 4, 1])))).toEqual([1, 0, 1, 0, 0, 0, 0, 0]);
  });

  check('a row of NaN has a class, so finiteness is to be checked first', () => {
    const nan = [Number.NaN, Number.NaN, Number.NaN];
    expect(values(tf.argMax(nan))).toEqual([facts[name].argMaxOfNaN]);
    expect(values(tf.clipByValue([Number.NaN, 2], 0, 1))).toEqual([facts[name].clipOfNaN, 1]);
    expect(values(tf.relu([Number.NaN, -1]))).toEqual([facts[name].reluOfNaN, 0]);
  });

  check('denormal numbers are kept or flushed as known', () => {
    const kept = values(tf.mul([1e-39], [1]))[0] !== 0;
    expect(kept ? 'kept' : 'flushed').toBe(facts[name].denormals);
  });

  check('a second derivative passes through ReLU', () => {
    const cube = (x: tf.Tensor): tf.Tensor => tf.sum(tf.pow(tf.relu(x), 3));
    const second = tf.grad((x) => tf.sum(tf.grad(cube)(x)));
    expect(values(second(tf.tensor1d([2, -2])))).toEqual([12, 0]);
  });
});

describe('what a result records', () => {
  test('of wasm', async () => {
    expect(await startBackend('wasm')).toMatchObject({
      name: 'wasm',
      precision: 'float32',
      denormals: 'kept',
      threads: 1,
      versions: { tfjs: tf.version_core, node: process.versions.node },
    });
  });

  test('of native TensorFlow', async (context) => {
    needsNative(context);
    const report = await startBackend('native');
    expect(report).toMatchObject({ name: 'native', precision: 'float32', denormals: 'flushed' });
    expect(report.versions.tensorflow).toBe('2.21.0');
    expect(process.env.NVIDIA_TF32_OVERRIDE).toBe('0');
  });
});

describe('no silent fallback', () => {
  test('another backend than the started one is an error', async () => {
    await startBackend('wasm');
    await tf.setBackend('cpu');
    expect(assertBackend).toThrow('tfjs runs on the backend "cpu", wanted "wasm"');
  });

  test('wasm that cannot start is an error, not cpu', async () => {
    const script = `
      import { startWasm } from ${JSON.stringify(join(import.meta.dirname, 'wasm.ts'))};
      await startWasm('/nonexistent').catch((error) => console.log(error.name, error.exitCode));
    `;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    expect(stdout).toContain('ParapetError 5');
  });

  test('webgpu is refused in Node', async () => {
    await expect(startBackend('webgpu')).rejects.toMatchObject({ name: 'ParapetError', kind: 'infrastructure' });
  });

  test('native TensorFlow that is not installed is an error that says how to get it', async () => {
    const script = `
      import { startBackend, pickBackend } from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))};
      console.log(pickBackend('auto').name);
      await startBackend('native').catch((error) => console.log(error.kind, error.hint));
    `;
    const env = { ...process.env, PARAPET_CACHE_DIR: '/nonexistent' };
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { env });
    expect(stdout).toMatch(/^wasm\ninfrastructure .*native install/);
  });
});

test('auto says why', () => {
  expect(pickBackend('auto').reason).toMatch(/TensorFlow|CUDA/);
  expect(pickBackend('wasm')).toEqual({ name: 'wasm', reason: 'asked for' });
});

test('PARAPET_THREADS is the number of threads, and nonsense is refused', () => {
  const before = process.env.PARAPET_THREADS;
  try {
    process.env.PARAPET_THREADS = '3';
    expect(threadCount()).toBe(3);
    process.env.PARAPET_THREADS = 'all';
    expect(threadCount).toThrow('PARAPET_THREADS is "all"');
  } finally {
    if (before === undefined) delete process.env.PARAPET_THREADS;
    else process.env.PARAPET_THREADS = before;
  }
});

test('functions that Node 23 removed from util are there for tfjs-node', () => {
  const util = createRequire(import.meta.url)('node:util') as Record<string, ((value: unknown) => boolean) | undefined>;
  const before = { isNullOrUndefined: util.isNullOrUndefined, isArray: util.isArray };
  try {
    for (const name of Object.keys(before)) delete util[name];
    restoreRemovedUtilities();
    const answers = (name: string) => [null, undefined, []].map((value) => util[name]?.(value));
    expect(answers('isNullOrUndefined')).toEqual([true, true, false]);
    expect(answers('isArray')).toEqual([false, false, true]);
  } finally {
    Object.assign(util, before);
  }
});

test('a kernel that was replaced is not replaced again', () => {
  const kernel = tf.getKernel('Sign', 'cpu');
  registerSign();
  expect(tf.getKernel('Sign', 'cpu')).toBe(kernel);
});

test('a process that may not ask nvidia-smi reads what the driver says', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parapet-driver-'));
  expect(gpuOfDriver(folder)).toBeNull();
  await mkdir(join(folder, 'gpus', '0000:01:00.0'), { recursive: true });
  await writeFile(join(folder, 'gpus', '0000:01:00.0', 'information'), 'Model: \t\t NVIDIA H100 80GB HBM3\nIRQ: 16\n');
  await writeFile(
    join(folder, 'version'),
    'NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  550.54.15  Tue Mar  5\nGCC version: 12\n',
  );
  expect(gpuOfDriver(folder)).toEqual({ name: 'NVIDIA H100 80GB HBM3', driver: '550.54.15' });
  await rm(folder, { recursive: true });
});
