import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ParapetError } from '#core/errors.ts';
import { lockFolder } from '../../backends/native-lock.ts';
import { runTool } from '../../backends/tools.ts';
import { cacheDirectory } from '../../files/cache.ts';
import { placeholderDigestText, writePlaceholders } from './cuda-placeholders.ts';

const requirementsFile = join(import.meta.dirname, 'requirements.txt');
const python = (): string => process.env.PYTHON || 'python3';
const hint =
  'Python 3.11, 3.12 or 3.13 with pip runs the peers: sudo apt-get install python3 python3-pip (or set PYTHON)';

/** Room for the wheels (0.6 GB) beside what they unpack to (1.4 GB). */
const NEEDED_BYTES = 2.2e9;

export interface PeerEnvironment {
  readonly python: string;
  /** Folder to put on PYTHONPATH. */
  readonly packages: string;
}

/**
 * Installs the peers into the cache, `peers/<key>`, unless they are there; the key is of the requirements and the version of
 * Python. Wheels and packages come to a folder beside it that is renamed at the very end, and wheels that are whole are kept,
 * so a call after an interruption goes on where that one was.
 * @throws ParapetError 'infrastructure' where Python, pip, a compiler, room or a wheel for this machine is missing
 */
export async function installPeers(progress: (message: string) => void): Promise<PeerEnvironment> {
  const tag = await pythonTag();
  const requirements = await readFile(requirementsFile, 'utf8');
  const key = createHash('sha256')
    .update(`${requirements}\n${placeholderDigestText}\n${tag}`)
    .digest('hex')
    .slice(0, 16);
  const directory = join(cacheDirectory(), 'peers', key);
  const environment = { python: python(), packages: join(directory, 'packages') };
  if (existsSync(directory)) return environment;
  await mkdir(join(cacheDirectory(), 'peers'), { recursive: true });
  const release = await lockFolder(directory, () =>
    progress('Another process is installing the peers; waiting for it'),
  );
  try {
    if (!existsSync(directory)) await install(directory, requirements, progress);
  } finally {
    release();
  }
  return environment;
}

async function install(directory: string, requirements: string, progress: (message: string) => void): Promise<void> {
  const staging = `${directory}.part`;
  const wheels = join(staging, 'wheels');
  const packages = join(staging, 'packages');
  const temporary = join(staging, 'temporary');
  await Promise.all([packages, temporary].map((folder) => rm(folder, { recursive: true, force: true })));
  await Promise.all([wheels, temporary].map((folder) => mkdir(folder, { recursive: true })));
  await requireSpace(staging);
  const pip = (...args: string[]): Promise<string> =>
    runTool(
      python(),
      ['-m', 'pip', ...args, '--no-deps', '--require-hashes', '--disable-pip-version-check', '--quiet'],
      {
        // pip builds its temporary files where TMPDIR points: the same disk as the result.
        env: { ...process.env, TMPDIR: temporary },
        hint,
        failureHint:
          'Is the package index reachable? What pip is set up for applies here too: python3 -m pip config list',
      },
    );
  // The large one by itself, so that it is kept whatever becomes of the others.
  const torch = join(temporary, 'torch.txt');
  await writeFile(torch, `${requirements.match(/^torch==.*(\n +.*)*/m)?.[0]}\n`);
  for (const [file, what] of [
    [torch, 'PyTorch (540 MB)'] as const,
    [requirementsFile, 'the others (110 MB)'] as const,
  ]) {
    progress(`Downloading ${what}`);
    await pip('download', '--only-binary=:all:', '--no-cache-dir', '--dest', wheels, '--requirement', file);
  }
  progress('Unpacking them');
  const from = ['--no-index', '--find-links', wheels, '--target', packages, '--requirement', requirementsFile];
  await pip('install', '--no-compile', '--no-warn-script-location', '--root-user-action=ignore', ...from);
  await writePlaceholders(join(packages, 'torch', 'lib'), temporary);
  progress('Trying them');
  const check = 'import load_torch, foolbox, torchattacks, art, safetensors; print(load_torch.torch.__version__)';
  await runTool(python(), ['-s', '-c', check], { env: pythonEnvironment(packages, 1), hint });
  await rm(wheels, { recursive: true, force: true });
  await rename(staging, directory);
}

/** Environment variables for a Python process: our packages, our modules, so many threads, and nothing of the user's. */
export function pythonEnvironment(packages: string, threads: number): NodeJS.ProcessEnv {
  const count = String(threads);
  return {
    ...process.env,
    PYTHONPATH: [join(import.meta.dirname, 'python'), packages].join(':'),
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONHASHSEED: '0',
    // Foolbox imports a client of git that it needs for nothing here.
    GIT_PYTHON_REFRESH: 'quiet',
    CUDA_VISIBLE_DEVICES: '',
    ...Object.fromEntries(['OMP', 'MKL', 'OPENBLAS'].map((library) => [`${library}_NUM_THREADS`, count])),
  };
}

/** @returns a tag such as cp311-linux-x86_64 */
async function pythonTag(): Promise<string> {
  const script =
    'import sys, sysconfig; print(f"cp{sys.version_info[0]}{sys.version_info[1]}-{sysconfig.get_platform()}")';
  const tag = (await runTool(python(), ['-s', '-c', script], { hint })).trim();
  if (/^cp31[123]-linux-x86_64$/.test(tag)) return tag;
  throw new ParapetError(
    'infrastructure',
    `The peers are pinned for Python 3.11 to 3.13 on Linux x86-64; ${python()} is ${tag}`,
    'Name another Python: PYTHON=/path/to/python3.12',
  );
}

async function requireSpace(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= NEEDED_BYTES) return;
  const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(1);
  throw new ParapetError(
    'infrastructure',
    `The peers need ${gigabytes(NEEDED_BYTES)} GB in ${folder}, ${gigabytes(bavail * bsize)} GB are free`,
    'Make room, or point PARAPET_CACHE_DIR at a larger disk.',
  );
}
