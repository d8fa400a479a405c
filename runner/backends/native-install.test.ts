import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { compileBinding } from './native-compile.ts';
import { downloadWheel, unpackWheel } from './native-download.ts';
import { nativeDirectory } from './native-files.ts';
import { installNative, refuseOtherPlatforms } from './native-install.ts';
import { lockFolder } from './native-lock.ts';
import { takeOverLibraries } from './native-reuse.ts';
import { sourceDigest } from './native-sources.ts';
import { checkInstallation, type Manifest } from './native-verify.ts';
import { type Wheel, wheels } from './native-wheels.ts';

let folder = '';
const options = { progress: () => {} };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parapet-install-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

/** Makes a small wheel with Python's own zipfile, and a `python3` whose pip "downloads" it. */
async function madeUpIndex(): Promise<Wheel> {
  const file = join(folder, 'made-1.0-py3-none-any.whl');
  const script = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as archive:
    for name, text in (('made/a.so', 'library'), ('made/include/c/api.h', 'header'), ('made/other.py', 'no')):
        archive.writestr(name, text)
`;
  execFileSync('python3', ['-c', script, file]);
  await fakePython(`if [ "$2" = pip ]; then
    while [ "$1" != --dest ]; do shift; done
    exec cp ${file} "$2"
  fi
  exec python3 "$@"`);
  const bytes = readFileSync(file);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { project: 'made', version: '1.0', sha256, bytes: bytes.length, members: ['made/a.so', 'made/include/'] };
}

async function fakePython(body: string): Promise<void> {
  const program = join(folder, 'fake-python');
  await writeFile(program, `#!/bin/sh\n${body}\n`);
  await chmod(program, 0o755);
  vi.stubEnv('PYTHON', program);
}

const noPython = spawnSync('python3', ['--version']).status !== 0 && process.env.PARAPET_NO_SKIP !== '1';

describe.skipIf(noPython)('a wheel (python3 makes it)', () => {
  test('is downloaded, held against its pin, kept for the next call and unpacked as far as needed', async () => {
    const wheel = await madeUpIndex();
    const file = await downloadWheel(wheel, folder, options);
    vi.stubEnv('PYTHON', '/nonexistent/python3');
    expect(await downloadWheel(wheel, folder, options)).toBe(file);
    vi.unstubAllEnvs();
    await unpackWheel(wheel, file, folder, options);
    expect(readFileSync(join(folder, 'made/a.so'), 'utf8')).toBe('library');
    expect(readFileSync(join(folder, 'made/include/c/api.h'), 'utf8')).toBe('header');
    expect(existsSync(join(folder, 'made/other.py'))).toBe(false);
  });

  test('that is not the pinned one is refused, and does not get the name of a good one', async () => {
    const wheel = { ...(await madeUpIndex()), sha256: '0'.repeat(64) };
    await expect(downloadWheel(wheel, folder, options)).rejects.toMatchObject({
      kind: 'integrity',
      message: expect.stringMatching(/made-1\.0-py3-none-any\.whl has SHA-256 [0-9a-f]{64}, wanted 0{64}/),
    });
    expect(await readdir(join(folder, 'downloads'))).toEqual([`partial-${process.pid}`]);
  });

  test('that was cut off is downloaded again', async () => {
    const wheel = await madeUpIndex();
    const file = await downloadWheel(wheel, folder, options);
    await writeFile(file, readFileSync(file).subarray(0, 100));
    await downloadWheel(wheel, folder, options);
    expect(readFileSync(file).length).toBe(wheel.bytes);
  });

  test('that was half unpacked is unpacked to the end', async () => {
    const wheel = await madeUpIndex();
    const file = await downloadWheel(wheel, folder, options);
    await mkdir(join(folder, 'made'));
    await writeFile(join(folder, 'made/a.so.tmp'), 'lib');
    await unpackWheel(wheel, file, folder, options);
    expect(readFileSync(join(folder, 'made/a.so'), 'utf8')).toBe('library');
    expect(existsSync(join(folder, 'made/a.so.tmp'))).toBe(false);
  });
});

describe('what is missing is named, with the way to get it', () => {
  const wheel: Wheel = { project: 'made', version: '1.0', sha256: '', bytes: 1, members: [] };

  test('Python', async () => {
    vi.stubEnv('PYTHON', '/nonexistent/python3');
    await expect(downloadWheel(wheel, folder, options)).rejects.toMatchObject({
      kind: 'infrastructure',
      message: '/nonexistent/python3 was not found',
      hint: expect.stringContaining('apt-get install python3 python3-pip'),
    });
  });

  test('pip', async () => {
    await fakePython('echo "python3: No module named pip" >&2; exit 1');
    await expect(downloadWheel(wheel, folder, options)).rejects.toMatchObject({
      message: expect.stringContaining('No module named pip'),
      hint: expect.stringContaining('python3-pip'),
    });
  });

  test('the index', async () => {
    await fakePython('echo "ERROR: No matching distribution found for made==1.0" >&2; exit 1');
    await expect(downloadWheel(wheel, folder, options)).rejects.toMatchObject({
      message: expect.stringContaining('No matching distribution found for made==1.0'),
      hint: expect.stringContaining('pip config list'),
    });
  });

  test('room on the disk', async () => {
    await fakePython('echo "OSError: [Errno 28] No space left on device" >&2; exit 1');
    await expect(downloadWheel(wheel, folder, options)).rejects.toMatchObject({
      kind: 'infrastructure',
      message: expect.stringContaining('The disk is full'),
      hint: expect.stringContaining('PARAPET_CACHE_DIR'),
    });
  });

  test('the compiler', async () => {
    vi.stubEnv('CXX', '/nonexistent/g++');
    await expect(compileBinding(folder, options)).rejects.toMatchObject({
      kind: 'infrastructure',
      hint: expect.stringContaining('apt-get install g++'),
    });
  });

  test('another platform is told that wasm is there', () => {
    expect(() => refuseOtherPlatforms('darwin-arm64')).toThrow('linux-x64 only, this is darwin-arm64');
    expect(() => refuseOtherPlatforms('linux-x64')).not.toThrow();
  });
});

test.skipIf(process.platform !== 'linux')('an interrupted installation says so and leaves no lock', async () => {
  vi.stubEnv('PARAPET_CACHE_DIR', folder);
  await fakePython('exec sleep 60');
  const interrupt = new AbortController();
  const install = installNative('cpu', { ...options, signal: interrupt.signal });
  setTimeout(300).then(() => interrupt.abort());
  await expect(install).rejects.toMatchObject({ kind: 'interrupted', exitCode: 130 });
  (await lockFolder(nativeDirectory('cpu'), () => expect.unreachable()))();
});

describe.skipIf(process.platform !== 'linux')('the lock', () => {
  test('makes the second wait for the first', async () => {
    const waited = vi.fn();
    const release = await lockFolder(folder, waited);
    const second = lockFolder(folder, waited);
    await setTimeout(100);
    expect(waited).toHaveBeenCalledOnce();
    release();
    (await second)();
  });

  test('is free when the process that had it was killed', async () => {
    const module = JSON.stringify(join(import.meta.dirname, 'native-lock.ts'));
    const script = `import { lockFolder } from ${module};
      await lockFolder(${JSON.stringify(folder)}, () => {});
      console.log('locked'); setInterval(() => {}, 1000);`;
    const child: ChildProcess = spawn(process.execPath, ['--input-type=module', '-e', script]);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    const waited = vi.fn(() => child.kill('SIGKILL'));
    (await lockFolder(folder, waited))();
    expect(waited).toHaveBeenCalledOnce();
  });
});

describe('of an earlier installation of the same wheels', () => {
  const file = (name: string) => join(folder, 'new', name);
  async function takeOver(change: (manifest: Manifest) => void): Promise<void> {
    const files: Manifest['files'] = {};
    for (const name of ['tensorflow/library.so', 'tensorflow/include/c/api.h', 'unpacked/wheel', 'ops.node']) {
      await mkdir(join(folder, 'old', name, '..'), { recursive: true });
      await writeFile(join(folder, 'old', name), name);
      files[name] = { bytes: name.length, sha256: createHash('sha256').update(name).digest('hex') };
    }
    const pinned = wheels.cpu.map(({ project, version, sha256 }) => ({ project, version, sha256 }));
    const manifest: Manifest = { flavour: 'cpu', tensorflow: '2.21.0', wheels: pinned, sources: 'old', files };
    change(manifest);
    await writeFile(join(folder, 'old/installed.json'), JSON.stringify(manifest));
    await takeOverLibraries('cpu', join(folder, 'new'));
  }

  test('libraries and headers stay, what we compile does not', async () => {
    await takeOver(() => {});
    expect(readFileSync(file('tensorflow/library.so'), 'utf8')).toBe('tensorflow/library.so');
    expect(existsSync(file('tensorflow/include/c/api.h'))).toBe(true);
    expect(existsSync(file('unpacked/wheel'))).toBe(true);
    expect(existsSync(file('ops.node'))).toBe(false);
  });

  test.each<[string, (manifest: Manifest) => void]>([
    ['another wheel', (manifest) => Object.assign(manifest.wheels[0] as object, { sha256: '0'.repeat(64) })],
    ['a file was altered', ({ files }) => Object.assign(files['tensorflow/library.so'] as object, { sha256: '' })],
    ['no mark says that all was unpacked', ({ files }) => Reflect.deleteProperty(files, 'unpacked/wheel')],
  ])('nothing stays: %s', async (_, change) => {
    await takeOver(change);
    expect(existsSync(join(folder, 'new'))).toBe(false);
  });
});

describe('an installation is checked', () => {
  const manifest = (files: object): string =>
    JSON.stringify({ flavour: 'cpu', tensorflow: '2.21.0', wheels: [], sources: sourceDigest(), files });

  test('none, or one without its list', async () => {
    expect(await checkInstallation(join(folder, 'none'))).toBe('nothing is installed');
    expect(await checkInstallation(folder)).toContain('installed.json is missing');
  });

  test('a file that was altered or lost', async () => {
    const sha256 = createHash('sha256').update('library').digest('hex');
    await writeFile(join(folder, 'installed.json'), manifest({ 'a.so': { bytes: 7, sha256 } }));
    expect(await checkInstallation(folder)).toBe(`a.so has SHA-256 nothing, wanted ${sha256}`);
    await writeFile(join(folder, 'a.so'), 'librarY');
    expect(await checkInstallation(folder)).toMatch(/^a\.so has SHA-256 [0-9a-f]{64}, wanted/);
  });

  test('a binding of other sources', async () => {
    await writeFile(join(folder, 'installed.json'), manifest({}).replace(sourceDigest(), 'old'));
    expect(await checkInstallation(folder)).toBe('it was compiled from another version of the binding');
  });

  test('one that cannot be loaded', async () => {
    await writeFile(join(folder, 'installed.json'), manifest({}));
    expect(await checkInstallation(folder)).toContain('Cannot find module');
  });
});
