import { rename } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { bindingName } from './native-files.ts';
import type { InstallOptions } from './native-install.ts';
import { runTool } from './tools.ts';

/**
 * Compiles tfjs-node's binding (two files of the npm package) against TensorFlow's C interface and Node-API,
 * without node-gyp and without a download of headers. The result finds the libraries beside itself.
 * @param staging folder with `tensorflow/`, where `tfjs_binding.node` comes
 */
export async function compileBinding(staging: string, options: InstallOptions): Promise<void> {
  options.progress('Compiling the binding (about 10 seconds)');
  const require = createRequire(import.meta.url);
  const source = dirname(require.resolve('@tensorflow/tfjs-node/package.json'));
  const nodeHeaders = join(dirname(require.resolve('node-api-headers/package.json')), 'include');
  const libraries = join(staging, 'tensorflow');
  const target = join(staging, bindingName);
  const args = [
    ...['-O2', '-std=c++17', '-shared', '-fPIC', '-DNAPI_VERSION=8'],
    ...[nodeHeaders, source, join(libraries, 'include')].flatMap((folder) => ['-I', folder]),
    ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join(source, 'binding', name)),
    ...['-o', `${target}.tmp`],
    ...['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'].map((name) => join(libraries, name)),
    '-Wl,-rpath,$ORIGIN/tensorflow',
  ];
  await runTool(process.env.CXX || 'g++', args, {
    signal: options.signal,
    hint: 'A C++17 compiler builds the binding: sudo apt-get install g++ (or set CXX)',
  });
  await rename(`${target}.tmp`, target);
}
