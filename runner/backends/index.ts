import { cpus } from 'node:os';
import * as tf from '@tensorflow/tfjs';
import { ParapetError } from '#core/errors.ts';
import type { Result } from '#core/result.ts';
import { threadCount } from './environment.ts';
import { startNative } from './native.ts';
import { isInstalled } from './native-files.ts';
import { nativeBackendName } from './native-name.ts';
import { startWasm } from './wasm.ts';

/** What a result records of the machinery that computed it. */
export type BackendReport = Result['backend'];
export type BackendChoice = 'auto' | BackendReport['name'];

/** Name in tfjs of the backend that was started; null before. */
let expected: string | null = null;

/**
 * Starts a backend and makes sure that it is the one that runs.
 * @param choice `auto` takes native TensorFlow where it is installed, else wasm
 * @throws ParapetError 'infrastructure' when the backend asked for cannot be had; there is no silent fallback
 */
export async function startBackend(choice: BackendChoice): Promise<BackendReport> {
  const name = choice === 'auto' ? (isInstalled('cpu') ? 'native' : 'wasm') : choice;
  const versions: Record<string, string> = { node: process.versions.node, tfjs: tf.version_core };
  if (name === 'wasm') {
    await startWasm();
    expected = 'wasm';
  } else if (name === 'native' || name === 'cuda') {
    const { version, gpu } = await startNative(name === 'cuda' ? 'cuda' : 'cpu');
    if (name === 'cuda' && !gpu) throw new ParapetError('infrastructure', 'TensorFlow finds no CUDA device');
    versions.tensorflow = version;
    expected = nativeBackendName;
  } else {
    throw new ParapetError('infrastructure', 'The webgpu backend cannot be run in Node yet', 'Use wasm or native.');
  }
  return {
    name,
    device: cpus()[0]?.model ?? 'unknown processor',
    versions,
    precision: 'float32',
    denormals: name === 'wasm' ? 'kept' : 'flushed',
    threads: name === 'wasm' ? 1 : threadCount(),
  };
}

/** Throws unless tfjs still runs on the backend that `startBackend` started. */
export function assertBackend(): void {
  if (expected === null) throw new ParapetError('infrastructure', 'No backend was started');
  if (tf.getBackend() !== expected) {
    throw new ParapetError('infrastructure', `tfjs runs on ${tf.getBackend()}, wanted ${expected}`);
  }
}
