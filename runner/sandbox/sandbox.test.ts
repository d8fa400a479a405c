/** What a worker that was taken over can do from within the sandbox, and what becomes of one that goes too far. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, open as openFile, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { untargeted } from '#core/suites/lines.ts';
import { findTrack } from '#core/tracks.ts';
import { cachedFolder } from '../files/datasets.ts';
import { exists } from '../files/lock-owner.ts';
import type { Pool } from '../shards/pool.ts';
import { prepare } from '../shards/prepare.ts';
import { journalPath, runEvaluation } from '../shards/run.ts';
import { tally } from '../shards/tally.ts';
import { makeSubmission } from '../shards/test-submission.ts';
import type { Limits } from './limits.ts';
import { attempt, startHostilePool } from './testing/hostile-pool.ts';
import { noSandbox } from './testing/needs-sandbox.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const problem = await noSandbox();
const name = `a hostile worker (needs bubblewrap${problem === null ? '' : `: ${problem}`})`;

let pool: Pool | null = null;
afterEach(() => pool?.close());

async function open(limits?: Partial<Limits>): Promise<Pool> {
  pool = await startHostilePool(true, limits);
  return pool;
}

/** What a worker found out before it was ended. */
async function found(act: string, bytes?: string, pixel?: number): Promise<Record<string, unknown>> {
  return JSON.parse((await attempt(await open(), act, bytes, pixel)).message);
}

describe.skipIf(problem !== null)(name, () => {
  it('reads no history, no submission, no result, no data set, no home and no password', async () => {
    const hidden = ['.git', 'submissions/', 'surrogates/', 'results/', 'README.md'].map((path) => join(root, path));
    const others = [cachedFolder('mnist'), homedir(), '/etc/passwd', '/etc/', '/home/', '/var/', '/sys/', '/run/'];
    const seen = await found('read', JSON.stringify([...hidden, ...others, join(root, 'package.json')]));
    const { [join(root, 'package.json')]: own, ...rest } = seen;
    expect(own).toMatch(/^did: /);
    const { '/etc/': etc, ...none } = rest;
    expect(['ENOENT', 'did: ld.so.cache']).toContain(etc);
    for (const [path, result] of Object.entries(none)) expect([path, result]).toEqual([path, 'ENOENT']);
  });

  it('writes nowhere but to a small /tmp of its own', async () => {
    const { link, large, ...tried } = await found('write');
    expect(link).toBe('did: undefined');
    expect(['ENOSPC', 'EFBIG']).toContain(large);
    expect(tried['/tmp/parapet-was-here']).toBe('did: undefined');
    const written = Object.entries(tried).filter(([, result]) => result === 'did: undefined');
    // A checkout within /tmp lies in a folder of that small /tmp, and not in the one of this system.
    for (const [path] of written) expect(path).toMatch(/^\/tmp\//);
    for (const [path] of written) await expect(access(path)).rejects.toMatchObject({ code: 'ENOENT' });
    const refused = Object.entries(tried).filter(([, result]) => result !== 'did: undefined');
    for (const [path, result] of refused) expect([path, result]).toEqual([path, 'EROFS']);
    expect(refused.length).toBeGreaterThanOrEqual(6);
  });

  it('has no file open that this program or its starter had open', async () => {
    const secret = await openFile(join(root, 'package.json'));
    const parentScript = fileURLToPath(new URL('./testing/parent.ts', import.meta.url));
    const stdio = Array.from({ length: 41 }, (_, i) => (i === 40 ? secret.fd : i === 3 ? 'ipc' : 'ignore'));
    const parent = fork(parentScript, ['descriptors'], { execArgv: [], stdio: stdio as never });
    const [said] = (await once(parent, 'message')) as [string];
    parent.kill('SIGKILL');
    await secret.close();
    const links = Object.entries(JSON.parse(said) as Record<string, string>);
    expect(links.length).toBeGreaterThan(5);
    expect(links.find(([number]) => number === '40')?.[1] ?? 'did: /dev/null').toBe('did: /dev/null');
    // Pipes to the parent, and what Node opens for itself.
    for (const [, link] of links) expect(link).toMatch(/^(did: (socket|pipe|anon_inode|\/dev\/null|\/proc\/)|ENOENT)/);
  });

  it('has no network, not even to this machine', async () => {
    let calls = 0;
    const server = createServer(() => calls++).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    expect(await found('network', '', port)).toEqual({ loopback: 'EPERM', beyond: 'EPERM', udp: 'EPERM' });
    server.close();
    expect(calls).toBe(0);
  });

  it('is told its model, its images and no labels but those that it attacks, and no environment of ours', async () => {
    process.env.PARAPET_TEST_SECRET = 'secret';
    const told = await found('told');
    delete process.env.PARAPET_TEST_SECRET;
    expect(told).toMatchObject({ models: ['model', 'surrogates'], task: 'predict', images: 0, labels: 0 });
    // An attack reads the class of what it attacks, and here that is the second of two images.
    const models = { model: { architecture: 'told', weights: new Uint8Array() }, surrogates: {} };
    const examples = { x: Float32Array.of(1, 2, 3, 4), y: Int32Array.of(1, 0), count: 2 };
    const task = {
      kind: 'attack',
      line: untargeted('fgsm', 'fgsm'),
      norm: 'Linf',
      epsilon: 0.1,
      seed: 0,
      chunk: 0,
    } as const;
    const own = { ...task, examples: Int32Array.of(1), meets: null, keep: 'none' } as const;
    const attacked = await pool
      ?.run({ key: 'told', models, classes: 2, examples }, own, [0, 0])
      .catch((error: Error) => error);
    expect(JSON.parse((attacked as Error).message)).toMatchObject({ models: [], task: 'attack', images: 2, labels: 1 });
    expect(JSON.stringify(told.env)).not.toMatch(/secret/);
    expect(Object.keys(told.env as object).filter((key) => !/^(HOME|PWD|PARAPET_|TF_|CUDA_)/.test(key))).toEqual([]);
  });

  it('has no rights, and gains none', async () => {
    expect(await found('rights')).toEqual({
      NoNewPrivs: '1',
      CapEff: '0'.repeat(16),
      CapBnd: '0'.repeat(16),
      Seccomp: '2',
    });
  });

  it('starts no process, however often it tries', async () => {
    expect(await found('processes')).toEqual(Array.from({ length: 200 }, () => 'EPERM'));
  });

  it.each([
    ['threads', { memoryBytes: 4 * 2 ** 30 }, /more than 60 threads/],
    ['memory', {}, /0\.29 GB of memory/],
    ['greed', {}, /0\.29 GB of memory/],
    ['noise', {}, /more than 1048576 bytes to stderr/],
    ['progress', {}, /signs of life without end/],
    ['long', { memoryBytes: 2 ** 30 }, /a message of \d+ bytes; at most \d+ were expected/],
    ['hang', { silenceSeconds: 8 }, /no sign of life for 8 s/],
    ['busy', { taskSeconds: 8 }, /longer than 8 s/],
    ['liar', {}, /its answer is not one: wanted 2 logits/],
    ['twice', {}, /a message that nobody asked for|it answered/],
  ])('that %s is ended, with the reason, and the next one works', async (act, limits, why) => {
    const opened = await open({ silenceSeconds: 10, ...limits });
    const before = process.memoryUsage.rss();
    const error = await attempt(opened, act);
    expect(error.message).toMatch(why);
    if (act !== 'twice') expect(error).toMatchObject({ kind: 'misbehaved', exitCode: 4 });
    expect(process.memoryUsage.rss() - before).toBeLessThan(200 * 2 ** 20);
    expect(JSON.parse((await attempt(opened, 'rights')).message)).toMatchObject({ NoNewPrivs: '1' });
  });

  it('ends with its killed parent, even while it computes', async () => {
    const parent = fork(fileURLToPath(new URL('./testing/parent.ts', import.meta.url)), { execArgv: [] });
    const [pids] = (await once(parent, 'message')) as [number[]];
    expect(pids.length).toBeGreaterThanOrEqual(3);
    expect(pids.filter(exists)).toEqual(pids);
    parent.kill('SIGKILL');
    for (let waited = 0; waited < 5000 && pids.some(exists); waited += 50) await setTimeout(50);
    expect(pids.filter(exists)).toEqual([]);
  });
});

describe.skipIf(process.platform !== 'linux')('a hostile worker without the sandbox', () => {
  it.each([
    ['memory', /0\.29 GB of memory/],
    ['noise', /more than 1048576 bytes to stderr/],
    ['liar', /its answer is not one/],
    ['hang', /no sign of life for 8 s/],
  ])('that %s is ended all the same', async (act, why) => {
    pool = await startHostilePool(false, { silenceSeconds: 8 });
    expect(await attempt(pool, act)).toMatchObject({ kind: 'misbehaved', message: expect.stringMatching(why) });
  });
});

describe.skipIf(problem !== null)(`an evaluation whose worker is ended (${name})`, () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parapet-sandbox-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('leaves no result, and a journal of what was done before', async () => {
    const suite = {
      id: 'test',
      title: 'Test',
      description: '',
      attacks: { 'mnist-linf-0.3': [untargeted('fgsm', 'fgsm')] },
      examples: { count: 4, which: 'first' as const },
      chunk: 4,
      evidence: { images: 'examples' as const, limit: 4 },
    };
    const request = { folder: await makeSubmission(folder, 1), track: findTrack('mnist-linf-0.3'), suite, seed: 0 };
    const backend = {
      name: 'wasm',
      device: 'test',
      versions: {},
      precision: 'float32',
      denormals: 'kept',
      threads: 1,
    } as const;
    const prepared = await prepare(request, backend, { commit: 'unknown', lockfileDigest: '0'.repeat(64) });
    const models = { model: { architecture: 'later', weights: new Uint8Array() }, surrogates: {} };
    const opened = await open();
    const session = {
      pool: opened,
      confirming: { backend: 'cpu' as const, pool: async () => opened },
      tally: tally(1, () => {}),
      stop: () => opened.close(),
      note: () => {},
    };
    const out = join(folder, 'result.json');
    const run = runEvaluation({ ...prepared, job: { ...prepared.job, models } }, session, out, 0);
    await expect(run).rejects.toMatchObject({
      kind: 'misbehaved',
      message: expect.stringMatching(/during attack fgsm, chunk 0: .*memory/),
    });
    await expect(access(out)).rejects.toThrow();
    await expect(access(`${out}.lock`)).rejects.toThrow();
    const journal = await readFile(journalPath(out), 'utf8');
    expect(journal).toMatch(/clean\/0/);
    expect(journal).not.toMatch(/attack\/fgsm/);
  });
});
