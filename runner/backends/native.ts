import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { ParapetError } from '#core/errors.ts';
import { registerGradients } from '#core/kernels/index.ts';
import { prepareNativeEnvironment } from './environment.ts';
import { bindingName, type Flavour, isInstalled, nativeDirectory, opsName, quietName } from './native-files.ts';
import { registerNativeKernels } from './native-kernels.ts';
import { nativeBackendName } from './native-name.ts';
import { restoreRemovedUtilities } from './node-shim.ts';

/** What we use of tfjs-node's compiled binding. */
interface Binding {
  TF_Version: string;
  isUsingGpuDevice(): boolean;
}

/** Folder that TensorFlow was loaded from; a process holds one TensorFlow. */
let loadedFrom: string | null = null;

/**
 * Loads native TensorFlow from the cache and makes it tfjs's backend.
 * @returns version of TensorFlow, and whether it runs on a GPU
 * @throws ParapetError 'infrastructure' when it is not installed or does not load
 */
export async function startNative(flavour: Flavour): Promise<{ version: string; gpu: boolean }> {
  const command = `npm run -s parapet -- native install${flavour === 'cuda' ? ' --cuda' : ''}`;
  if (!isInstalled(flavour)) {
    throw new ParapetError(
      'infrastructure',
      `The native backend (${flavour}) is not installed`,
      `Install it with: ${command}`,
    );
  }
  try {
    return await loadNative(nativeDirectory(flavour), flavour);
  } catch (cause) {
    if (cause instanceof ParapetError) throw cause;
    const message = `TensorFlow could not be loaded from ${nativeDirectory(flavour)}: ${(cause as Error).message}`;
    throw new ParapetError('infrastructure', message, `Check and mend it with: ${command}`, { cause });
  }
}

/**
 * Loads the binding of a folder into this process. tfjs-node's own entry point is passed over: it wants the binding
 * inside its package. TensorFlow's library stays loaded until the process ends.
 */
export async function loadNative(directory: string, flavour: Flavour): Promise<{ version: string; gpu: boolean }> {
  if (loadedFrom !== null && loadedFrom !== directory) {
    throw new ParapetError('infrastructure', `This process has loaded TensorFlow from ${loadedFrom} already`);
  }
  prepareNativeEnvironment();
  restoreRemovedUtilities();
  const require = createRequire(import.meta.url);
  if (Number(process.env.TF_CPP_MIN_LOG_LEVEL) >= 2) require(join(directory, quietName));
  const binding = require(join(directory, bindingName)) as Binding;
  loadedFrom = directory;
  const { NodeJSKernelBackend } = require('@tensorflow/tfjs-node/dist/nodejs_kernel_backend.js') as {
    NodeJSKernelBackend: new (binding: Binding, packageName: string) => tf.KernelBackend;
  };
  require('@tensorflow/tfjs-node/dist/register_all_kernels.js');
  require(join(directory, opsName));
  registerNativeKernels(binding.isUsingGpuDevice());
  registerGradients();
  const packageName = flavour === 'cuda' ? '@tensorflow/tfjs-node-gpu' : '@tensorflow/tfjs-node';
  if (tf.findBackendFactory(nativeBackendName) === null) {
    tf.registerBackend(nativeBackendName, () => new NodeJSKernelBackend(binding, packageName));
  }
  if (!(await tf.setBackend(nativeBackendName)) || tf.getBackend() !== nativeBackendName) {
    throw new ParapetError('infrastructure', `TensorFlow was loaded but tfjs runs on ${tf.getBackend()}`);
  }
  return { version: binding.TF_Version, gpu: binding.isUsingGpuDevice() };
}
