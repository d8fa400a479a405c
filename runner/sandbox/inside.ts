import { existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nativeDirectory } from '../backends/native-files.ts';
import { cacheDirectory } from '../files/cache.ts';
import type { Inside } from './bubblewrap.ts';

/** Settings of a person that decide how a backend computes; nothing else of the environment is let in. */
const settings = ['PARAPET_THREADS', 'TF_CPP_MIN_LOG_LEVEL', 'CUDA_VISIBLE_DEVICES'];

/** What a worker script needs for a backend. The model and the images it is sent. */
export function insideOf(script: URL, backend: string): Inside {
  const chosen = settings.flatMap((name): [string, string][] => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value]];
  });
  const folder = backend === 'native' ? nativeDirectory('cpu') : backend === 'cuda' ? nativeDirectory('cuda') : null;
  return {
    script: fileURLToPath(script),
    readable: folder !== null && existsSync(folder) ? [resolve(folder)] : [],
    devices: backend === 'cuda' ? nvidiaDevices() : [],
    env: { PARAPET_CACHE_DIR: resolve(cacheDirectory()), ...Object.fromEntries(chosen) },
  };
}

function nvidiaDevices(): string[] {
  return readdirSync('/dev')
    .filter((name) => /^(nvidia(\d+|ctl|-uvm|-uvm-tools)|dxg)$/.test(name))
    .map((name) => `/dev/${name}`);
}
