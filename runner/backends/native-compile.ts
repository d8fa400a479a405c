import { rename } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { bindingName, opsName, quietName } from './native-files.ts';
import type { InstallOptions } from './native-install.ts';
import { bindingSources, compilerOptions, packageFolder } from './native-sources.ts';
import { runTool } from './tools.ts';

const require = createRequire(import.meta.url);
const quietSource = join(import.meta.dirname, 'native-quiet.cc');
const opsSource = join(import.meta.dirname, 'native-ops.cc');

/**
 * Compiles tfjs-node's binding (two files of the npm package) against TensorFlow's C interface and Node-API,
 * without node-gyp and without a download of headers. The result finds the libraries beside itself.
 * @param staging folder with `tensorflow/`, where the addons come
 */
export async function compileBinding(staging: string, options: InstallOptions): Promise<void> {
  options.progress('Compiling the binding (about half a minute)');
  const nodeHeaders = join(dirname(require.resolve('node-api-headers/package.json')), 'include');
  const libraries = join(staging, 'tensorflow');
  const include = [nodeHeaders, packageFolder, join(libraries, 'include')].flatMap((folder) => ['-I', folder]);
  const linked = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'].map((name) => join(libraries, name));
  await compile([...include, ...bindingSources, ...linked], join(staging, bindingName), options);
  await compile([quietSource, '-ldl'], join(staging, quietName), options);
  await compile([...include, opsSource, ...linked, '-pthread'], join(staging, opsName), options);
}

async function compile(args: readonly string[], target: string, options: InstallOptions): Promise<void> {
  await runTool(process.env.CXX || 'g++', [...compilerOptions, ...args, '-o', `${target}.tmp`], {
    signal: options.signal,
    hint: 'A C++17 compiler builds the binding: sudo apt-get install g++ (or set CXX)',
  });
  await rename(`${target}.tmp`, target);
}
