import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { ParapetError } from '#core/errors.ts';
import { registerGradients, registerWasmKernels } from '#core/kernels/index.ts';

/**
 * Starts the embedded default: WebAssembly with SIMD, one thread (Node has no threaded build).
 * @param files folder with tfjs's .wasm files; by default those of the installed package
 */
export async function startWasm(files = packagedFiles()): Promise<void> {
  setWasmPaths(join(files, '/'));
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  registerWasmKernels();
  registerGradients();
  const started = await tf.setBackend('wasm').catch(() => false);
  if (!started || tf.getBackend() !== 'wasm') {
    throw new ParapetError(
      'infrastructure',
      `The wasm backend did not start from ${files}`,
      'A limit on address space (ulimit -v) stops it: limit memory by cgroup instead. Else run npm ci again.',
    );
  }
  refuseNullPointers();
}

interface WasmModule {
  _malloc(bytes: number): number;
}

const guarded = new WeakSet<WasmModule>();

/** tfjs goes on with the pointer 0 where memory is used up (4 GB, or a limit), and computes with whatever lies there. */
function refuseNullPointers(): void {
  const { wasm } = tf.backend() as unknown as { wasm: WasmModule };
  if (guarded.has(wasm)) return;
  guarded.add(wasm);
  // Its first call puts the real function in the place of a stand-in.
  wasm._malloc(0);
  const malloc = wasm._malloc;
  wasm._malloc = (bytes) => {
    const pointer = malloc(bytes);
    if (pointer === 0 && bytes > 0) throw new RangeError(`wasm: out of memory (${bytes} bytes more were wanted)`);
    return pointer;
  };
}

function packagedFiles(): string {
  const main = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  return join(dirname(main), '..', 'wasm-out');
}
