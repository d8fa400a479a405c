import { existsSync, statSync } from 'node:fs';
import { mkdir, readdir, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ParapetError } from '#core/errors.ts';
import { compileBinding } from './native-compile.ts';
import { downloadWheel, unpackWheel } from './native-download.ts';
import { type Flavour, nativeDirectory, tensorflowVersion } from './native-files.ts';
import { lockFolder } from './native-lock.ts';
import { takeOverLibraries } from './native-reuse.ts';
import { sourceDigest } from './native-sources.ts';
import { checkInstallation, digestOf, type Manifest, readManifest, testLoad } from './native-verify.ts';
import { installedBytes, wheels } from './native-wheels.ts';

export interface InstallOptions {
  /** Install again even if what is there is whole. */
  readonly force?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Told of each stage, in a sentence. */
  readonly progress: (message: string) => void;
}

export interface InstallOutcome {
  readonly directory: string;
  readonly alreadyThere: boolean;
  readonly manifest: Manifest;
}

/**
 * Installs native TensorFlow into the cache: downloads the pinned wheels, takes the libraries out, compiles
 * tfjs-node's binding against them and tries it in a process of its own.
 *
 * Everything happens in a folder beside the final one, which is renamed at the very end; each stage writes under
 * a temporary name first. So a kill at any moment leaves a state from which the next call goes on. What an earlier
 * installation has of the same wheels is not downloaded again.
 * @throws ParapetError 'infrastructure' when the platform or a tool is wrong, 'integrity' when a wheel is not the pinned one
 */
export async function installNative(flavour: Flavour, options: InstallOptions): Promise<InstallOutcome> {
  refuseOtherPlatforms();
  const directory = nativeDirectory(flavour);
  await mkdir(dirname(directory), { recursive: true });
  const release = await lockFolder(
    directory,
    () => options.progress('Another process is installing this; waiting for it'),
    options.signal,
  );
  try {
    if (!options.force) {
      const problem = await checkInstallation(directory);
      const manifest = await readManifest(directory);
      if (problem === null && manifest) return { directory, alreadyThere: true, manifest };
      if (existsSync(directory)) options.progress(`What is installed will be replaced: ${problem}`);
    }
    return { directory, alreadyThere: false, manifest: await install(flavour, directory, options) };
  } finally {
    release();
  }
}

async function install(flavour: Flavour, directory: string, options: InstallOptions): Promise<Manifest> {
  const staging = `${directory}.part`;
  await mkdir(staging, { recursive: true });
  if (!options.force) await takeOverLibraries(flavour, staging);
  await requireSpace(flavour, staging);
  for (const wheel of wheels[flavour]) {
    const file = await downloadWheel(wheel, staging, options);
    await unpackWheel(wheel, file, staging, options);
  }
  await compileBinding(staging, options);
  options.progress('Trying it');
  const loaded = await testLoad(staging);
  if (loaded.version !== tensorflowVersion) {
    throw new ParapetError('integrity', `TensorFlow says it is ${loaded.version}, wanted ${tensorflowVersion}`);
  }
  await rm(join(staging, 'downloads'), { recursive: true, force: true });
  const manifest = await writeManifest(flavour, staging);
  const old = `${directory}.old`;
  await rm(old, { recursive: true, force: true });
  if (existsSync(directory)) await rename(directory, old);
  await rename(staging, directory);
  await rm(old, { recursive: true, force: true });
  return manifest;
}

async function writeManifest(flavour: Flavour, staging: string): Promise<Manifest> {
  const files: Manifest['files'] = {};
  for (const entry of await readdir(staging, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name === 'installed.json') continue;
    const path = join(entry.parentPath, entry.name);
    files[path.slice(staging.length + 1)] = { bytes: statSync(path).size, sha256: await digestOf(path) };
  }
  const manifest: Manifest = {
    flavour,
    tensorflow: tensorflowVersion,
    wheels: wheels[flavour].map(({ project, version, sha256 }) => ({ project, version, sha256 })),
    sources: sourceDigest(),
    files,
  };
  await writeFile(join(staging, 'installed.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

/** @throws ParapetError 'infrastructure' unless the machine is one that the wheels are for */
export function refuseOtherPlatforms(platform = `${process.platform}-${process.arch}`): void {
  if (platform === 'linux-x64') return;
  throw new ParapetError(
    'infrastructure',
    `The native backend is built for linux-x64 only, this is ${platform}`,
    'Use the wasm backend, which runs here without any installation.',
  );
}

/** Refuses to start what cannot end: the unpacked libraries beside the largest wheel, less what is there already. */
async function requireSpace(flavour: Flavour, staging: string): Promise<void> {
  const entries = await readdir(staging, { recursive: true, withFileTypes: true });
  const present = entries.reduce((sum, entry) => {
    return sum + (entry.isFile() ? statSync(join(entry.parentPath, entry.name)).size : 0);
  }, 0);
  const needed = installedBytes[flavour] + Math.max(...wheels[flavour].map(({ bytes }) => bytes)) - present;
  const { bavail, bsize } = await statfs(staging);
  if (bavail * bsize >= needed) return;
  const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(1);
  throw new ParapetError(
    'infrastructure',
    `The native backend needs ${gigabytes(needed)} GB in ${staging}, ${gigabytes(bavail * bsize)} GB are free`,
    'Make room, or point PARAPET_CACHE_DIR at a larger disk.',
  );
}
