import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { bindingName, opsName, quietName } from './native-files.ts';
import type { InstallOptions } from './native-install.ts';
import { runTool } from './tools.ts';

const require = createRequire(import.meta.url);
const packageFolder = dirname(require.resolve('@tensorflow/tfjs-node/package.json'));
const bindingSources = ['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join(packageFolder, 'binding', name));
const quietSource = join(import.meta.dirname, 'native-quiet.cc');
const opsSource = join(import.meta.dirname, 'native-ops.cc');
const common = ['-O3', '-std=c++17', '-shared', '-fPIC', '-DNAPI_VERSION=8', '-Wl,-rpath,$ORIGIN/tensorflow'];

/** Digest of everything we compile: an installation made from other sources is made anew. */
export function sourceDigest(): string {
  const hash = createHash('sha256').update(common.join(' '));
  const ours = readdirSync(import.meta.dirname).filter((name) => /\.(cc|h)$/.test(name));
  for (const file of bindingSources) hash.update(readFileSync(file));
  for (const name of ours.sort()) hash.update(name).update(readFileSync(join(import.meta.dirname, name)));
  return hash.digest('hex');
}

/**
 * Compiles tfjs-node's binding (two files of the npm package) against TensorFlow's C interface and Node-API,
 * without node-gyp and without a download of headers. The result finds the libraries beside itself.
 * @param staging folder with `tensorflow/`, where the addons come
 */
export async function compileBinding(staging: string, options: InstallOptions): Promise<void> {
  options.progress('Compiling the binding (about 20 seconds)');
  const nodeHeaders = join(dirname(require.resolve('node-api-headers/package.json')), 'include');
  const libraries = join(staging, 'tensorflow');
  const include = [nodeHeaders, packageFolder, join(libraries, 'include')].flatMap((folder) => ['-I', folder]);
  const linked = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'].map((name) => join(libraries, name));
  await compile([...include, ...bindingSources, ...linked], join(staging, bindingName), options);
  await compile([quietSource, '-ldl'], join(staging, quietName), options);
  await compile([...include, opsSource, ...linked, '-pthread'], join(staging, opsName), options);
}

async function compile(args: readonly string[], target: string, options: InstallOptions): Promise<void> {
  await runTool(process.env.CXX || 'g++', [...common, ...args, '-o', `${target}.tmp`], {
    signal: options.signal,
    hint: 'A C++17 compiler builds the binding: sudo apt-get install g++ (or set CXX)',
  });
  await rename(`${target}.tmp`, target);
}
