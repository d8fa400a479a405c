import * as tf from '@tensorflow/tfjs';
import { ParapetError } from '#core/errors.ts';
import { registerGradients } from '#core/kernels/index.ts';
import { registerSign } from '#core/kernels/sign.ts';
import type { Result } from '#core/result.ts';
import { gpuName, hasGpu, processorName } from './device.ts';
import { threadCount } from './environment.ts';
import { startNative } from './native.ts';
import { type Flavour, isInstalled } from './native-files.ts';
import { nativeBackendName } from './native-name.ts';
import { probeDenormals, probePrecision } from './probes.ts';
import { registerReferenceConvolution } from './reference-convolution.ts';
import { startWasm } from './wasm.ts';

/** What a result records of the machinery that computed it. */
export type BackendReport = Result['backend'];
export type BackendChoice = 'auto' | BackendReport['name'];

/** Name in tfjs of the backend that was started; null before. */
let expected: string | null = null;

/**
 * Starts a backend, makes sure that it is the one that runs, and probes what it does with numbers.
 * @throws ParapetError 'infrastructure' when the backend asked for cannot be had: there is no silent fallback
 */
export async function startBackend(choice: BackendChoice): Promise<BackendReport> {
  const { name } = pickBackend(choice);
  const started = await starters[name]();
  expected = name === 'wasm' ? 'wasm' : nativeBackendName;
  assertBackend();
  return {
    name,
    device: started.device,
    versions: { node: process.versions.node, tfjs: tf.version_core, ...started.versions },
    precision: probePrecision(),
    denormals: probeDenormals(),
    threads: started.threads,
  };
}

/**
 * Which backend a choice means on this machine, and why: `auto` takes CUDA where it is installed and a GPU is there,
 * then native TensorFlow where it is installed, then wasm.
 */
export function pickBackend(choice: BackendChoice): { name: BackendReport['name']; reason: string } {
  if (choice !== 'auto') return { name: choice, reason: 'asked for' };
  if (isInstalled('cuda') && hasGpu()) return { name: 'cuda', reason: 'CUDA is installed and this machine has a GPU' };
  if (isInstalled('cpu')) return { name: 'native', reason: 'native TensorFlow is installed' };
  return { name: 'wasm', reason: 'native TensorFlow is not installed (parapet native install)' };
}

/**
 * Starts tfjs's plain JavaScript backend, slow and independent of the others: what verification recomputes with.
 * It is no backend of results, so it has no report.
 */
export async function startReference(): Promise<void> {
  registerGradients();
  registerSign();
  registerReferenceConvolution();
  await tf.setBackend('cpu');
  // Its first use prints an advertisement for tfjs-node.
  (tf.backend() as tf.KernelBackend & { firstUse: boolean }).firstUse = false;
  expected = 'cpu';
  assertBackend();
}

/** Throws unless tfjs still runs on the backend that was started. Call it before, during and after a run. */
export function assertBackend(): void {
  if (expected === null) throw new ParapetError('infrastructure', 'No backend was started');
  if (tf.getBackend() === expected) return;
  throw new ParapetError(
    'infrastructure',
    `tfjs runs on the backend "${tf.getBackend()}", wanted "${expected}"`,
    'Numbers of one result come from one backend; start the command again.',
  );
}

interface Started {
  device: string;
  versions: Record<string, string>;
  threads: number;
}

const starters: Readonly<Record<BackendReport['name'], () => Promise<Started>>> = {
  async wasm() {
    await startWasm();
    return { device: processorName(), versions: {}, threads: 1 };
  },
  native: () => startTensorFlow('cpu'),
  cuda: () => startTensorFlow('cuda'),
  webgpu() {
    throw new ParapetError(
      'infrastructure',
      'The webgpu backend runs in browsers only so far, not in Node',
      'Use --backend wasm, or native after: npm run -s parapet -- native install',
    );
  },
};

async function startTensorFlow(flavour: Flavour): Promise<Started> {
  const { version, gpu } = await startNative(flavour);
  const versions = { tensorflow: version };
  if (flavour === 'cpu') return { device: processorName(), versions, threads: threadCount() };
  if (!gpu) {
    throw new ParapetError(
      'infrastructure',
      'TensorFlow found no CUDA device and would have run on the processor',
      'Check nvidia-smi and CUDA_VISIBLE_DEVICES, or use --backend native.',
    );
  }
  const card = await gpuName();
  return {
    device: card?.name ?? 'CUDA device',
    versions: { ...versions, driver: card?.driver ?? 'unknown' },
    threads: threadCount(),
  };
}
