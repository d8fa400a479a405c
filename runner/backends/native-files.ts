import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory } from '../files/cache.ts';
import { sourceDigest } from './native-sources.ts';

/** TensorFlow for the processor alone, or with CUDA. */
export type Flavour = 'cpu' | 'cuda';

export const tensorflowVersion = '2.21.0';

/**
 * Folder of an installed native backend: the compiled binding with TensorFlow's libraries beside it. Each version of what we
 * compile has one of its own, so that two checkouts do not replace each other's.
 */
export function nativeDirectory(flavour: Flavour): string {
  return join(cacheDirectory(), 'native', `${flavour}-${tensorflowVersion}-${sourceDigest().slice(0, 12)}`);
}

/** File name of the compiled binding. */
export const bindingName = 'tfjs_binding.node';

/** File name of the addon that keeps TensorFlow's greeting off stderr. */
export const quietName = 'quiet.node';

/** File name of the addon with ops of ours. */
export const opsName = 'ops.node';

/** Whether a whole installation is there: its folder gets its name last. */
export function isInstalled(flavour: Flavour): boolean {
  return existsSync(join(nativeDirectory(flavour), bindingName));
}
