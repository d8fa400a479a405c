import { spawn, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { attacks } from '#core/attacks/index.ts';

const start = fileURLToPath(new URL('./start.mjs', import.meta.url));
const undefended = fileURLToPath(new URL('../../submissions/Undefended', import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parapet cli ü ')); // a path as people have them
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs the command line as a person would, outside of the repository. */
function parapet(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [start, ...args], {
    encoding: 'utf8',
    cwd: folder,
    env: { ...process.env, NO_COLOR: '1', ...env },
    timeout: 100_000,
  });
  return { status, stdout, stderr };
}

describe('the command line', () => {
  test('lists every command', () => {
    const { status, stdout } = parapet(['--help']);
    const commands = [
      'evaluate',
      'attack',
      'train',
      'train-gan',
      'verify',
      'log',
      'compare',
      'claims',
      'validate',
      'new',
      'shard',
      'data',
      'native',
      'doctor',
    ];
    expect([...stdout.matchAll(/^ {2}([a-z][a-z-]*) (?=.* {2})/gm)].map(([, name]) => name)).toEqual([
      ...commands,
      'help',
    ]);
    expect(status).toBe(0);
  });

  test('lists every attack with its norms, access and paper, and the options of the one that is named', () => {
    const { stdout } = parapet(['attack', '--help']);
    for (const { id, norms, access, paper } of attacks) {
      expect(stdout).toMatch(new RegExp(`^${id} +${norms.join(' ')} +${access} .* ${paper}$`, 'm'));
    }
    expect(parapet(['attack', '--attack', 'pgd', '--help']).stdout).toMatch(
      /^steps +40 +≥ 1, ≤ 10000 +Gradient steps/m,
    );
  });

  test.each([
    [['evaluat'], /unknown command 'evaluat'\n\(Did you mean evaluate\?\)/],
    [['validate', '--jsn', 'x'], /unknown option '--jsn'\n\(Did you mean --json\?\)/],
    [['validate'], /missing required argument 'path'/],
    [['train', undefended, '--net', '1'], /^error: --net: is 1; wanted less than 1, the number of nets/],
    [
      ['train', undefended, '--seed', '2147483648'],
      /^error: --seed: '2147483648'; wanted a whole number from 0 to 2147483647$/m,
    ],
    [
      ['train-gan', 'mnist', '--seed', '9007199254740991'],
      /^error: --seed: '9007199254740991'; wanted a whole number from 0/,
    ],
    [['train-gan', 'mnist', '--epochs', '1001'], /^error: --epochs: '1001'; wanted a whole number from 1 to 1000$/m],
    [['data', 'fetch', 'mnits'], /^error: data set: there is no 'mnits'\n {2}the data sets are /],
    [[], /^Usage: parapet/],
  ])('a mistake in calling it (%j) has exit code 2 and says what to do', (args, message) => {
    const { status, stdout, stderr } = parapet(args);
    expect(stderr).toMatch(message);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  });

  test('gives a pipe that is read late all of its data', () => {
    const command = `"${process.execPath}" "${start}" claims --json | { sleep 4; cat; }`;
    const { stdout } = spawnSync('sh', ['-c', command], { encoding: 'utf8', cwd: folder, timeout: 100_000 });
    expect(stdout.length).toBeGreaterThan(100_000);
    expect(JSON.parse(stdout)).not.toEqual([]);
  });

  test('new makes what validate finds valid, and both print data on stdout', () => {
    const made = parapet(['new', 'New2026Thing', '--json']);
    expect(JSON.parse(made.stdout)).toEqual({ id: 'New2026Thing', folder: join('submissions', 'New2026Thing') });
    const { status, stdout, stderr } = parapet(['validate', 'submissions/New2026Thing', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ valid: true, submission: { id: 'New2026Thing', modelBytes: null } });
    expect(stderr).toContain("warning: submissions/New2026Thing: authors: 'Your Name'");
    expect(status).toBe(0);
    expect(parapet(['new', 'New2026Thing', '--yes'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('is there already'),
    });
  });

  test('an invalid submission has exit code 3, one line per mistake on stderr, and JSON all the same', async () => {
    await mkdir(join(folder, 'Bad2020Thing'));
    await writeFile(join(folder, 'Bad2020Thing', 'submission.yaml'), 'id: Bad2020Thing\nname: \u001b[31m\n');
    const { status, stdout, stderr } = parapet(['validate', 'Bad2020Thing', '--json']);
    expect(status).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ path: 'Bad2020Thing', valid: false, submission: null });
    expect(stderr).toMatch(/^error: Bad2020Thing\/submission\.yaml:\d+:\d+ /);
    expect(stderr).not.toContain('\u001b');
  });

  test('a folder that cannot be written to has exit code 5', async () => {
    await writeFile(join(folder, 'file'), '');
    const { status, stderr } = parapet(['new', 'New2026Other', '--in', join('file', 'inside'), '--yes']);
    expect(stderr).toMatch(/^error: cannot .*: a file stands where a folder is wanted/);
    expect(status).toBe(5);
  });

  test('a Node that is too old is told so, and how to come by another', () => {
    const old = `Object.defineProperty(process.versions, 'node', { value: '22.17.1' }); await import(${JSON.stringify(start)});`;
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', old], {
      encoding: 'utf8',
    });
    expect(stderr).toMatch(/^error: Node 22\.17\.1 is too old; wanted 22\.18 or later\n.*npm run/);
    expect(status).toBe(2);
  });

  test('a reader that goes away is no error', () => {
    const { stdout, status } = spawnSync(
      'sh',
      ['-c', '"$0" "$1" --help | head -1; "$0" "$1" --help >&-', process.execPath, start],
      {
        encoding: 'utf8',
      },
    );
    expect(stdout).toMatch(/^Usage: [^\n]*\n$/);
    expect(status).not.toBe(70);
  });

  test('Ctrl-C in the middle of a download: exit code 130, and nothing left of it', async () => {
    const cache = join(folder, 'cache');
    const bin = join(folder, 'bin');
    await mkdir(bin);
    await writeFile(join(bin, 'npm'), '#!/bin/sh\nexec sleep 60\n', { mode: 0o755 });
    const env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, PARAPET_CACHE_DIR: cache, NO_COLOR: '1' };
    const { npm_execpath: _, ...without } = env as NodeJS.ProcessEnv;
    const child = spawn(process.execPath, [start, 'data', 'fetch', 'mnist'], {
      env: without,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (data) => {
      if (stderr === '') child.kill('SIGINT');
      stderr += data;
    });
    const status = await new Promise((resolve) => child.on('close', resolve));
    expect(stderr).toMatch(/^fetching MNIST .*\nerror: interrupted/);
    expect(status).toBe(130);
    expect(await readdir(join(cache, 'data'))).toEqual([]);
  });
});
