import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** tfjs-node's npm package. */
export const packageFolder = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-node/package.json'));

/** tfjs-node's binding. */
export const bindingSources = ['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) =>
  join(packageFolder, 'binding', name),
);

/** How everything is compiled. */
export const compilerOptions = [
  '-O3',
  '-std=c++17',
  '-shared',
  '-fPIC',
  '-DNAPI_VERSION=8',
  '-Wl,-rpath,$ORIGIN/tensorflow',
];

/** Digest of everything we compile: each version of it has an installation of its own. */
export function sourceDigest(): string {
  const hash = createHash('sha256').update(compilerOptions.join(' '));
  const ours = readdirSync(import.meta.dirname).filter((name) => /\.(cc|h)$/.test(name));
  for (const file of bindingSources) hash.update(readFileSync(file));
  for (const name of ours.sort()) hash.update(name).update(readFileSync(join(import.meta.dirname, name)));
  return hash.digest('hex');
}
