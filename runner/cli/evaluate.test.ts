import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { provesExample } from '#core/evidence/records.ts';
import { type Result, resultDigest } from '#core/result.ts';
import { makeSubmission } from '../shards/test-submission.ts';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
let folder: string;
let submission: string;
let whole: Result;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parapet evaluate '));
  submission = await makeSubmission(folder, 1);
  whole = JSON.parse(parapet(evaluate('whole.json')).stdout);
});
afterAll(() => rm(folder, { recursive: true }));

const evaluate = (out: string, ...more: string[]) =>
  `evaluate ${submission} --track mnist-linf-0.3 --examples 20 --backend wasm --processes 1 --json --out ${out}`
    .replace(submission, '@')
    .split(' ')
    .map((word) => (word === '@' ? submission : word))
    .concat(more);

function parapet(args: readonly string[]) {
  const options = { encoding: 'utf8', cwd: folder, env: { ...process.env, NO_COLOR: '1' }, timeout: 300_000 } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], options);
  return { status, stdout, stderr };
}

/** Starts an evaluation and waits until its journal holds an attack. */
async function startAndWait(out: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [main, ...evaluate(out)], { cwd: folder, stdio: 'ignore' });
  for (let waited = 0; waited < 120_000 && child.exitCode === null; waited += 20) {
    const journal = await readFile(join(folder, `${out}.journal`), 'utf8').catch(() => '');
    if (journal.includes('attack/fgsm/0')) return child;
    await setTimeout(20);
  }
  throw new Error('the evaluation ended before it could be stopped');
}

/** Digest of a printed result as it would be had nobody committed to this repository since the first run. */
const digestOf = (stdout: string) => resultDigest({ ...(JSON.parse(stdout) as Result), code: whole.code });

const exists = (name: string) =>
  access(join(folder, name)).then(
    () => true,
    () => false,
  );

describe('evaluate', () => {
  it('prints one result as one object, and verify finds that it stands', async () => {
    expect(whole).toMatchObject({ submission: { id: 'Test2026Net' }, track: 'mnist-linf-0.3', examples: 20 });
    const verified = parapet(['verify', 'whole.json', '--submission', submission, '--backend', 'wasm', '--json']);
    expect(JSON.parse(verified.stdout)).toMatchObject({ verified: true, digest: whole.digest, findings: [] });
    expect(verified.status).toBe(0);
  });

  it('killed with SIGKILL and called again, ends in the same result', async () => {
    const child = await startAndWait('killed.json');
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(await exists('killed.json')).toBe(false);
    const { stdout, stderr } = parapet(evaluate('killed.json'));
    expect(stderr).toMatch(/going on where an earlier run ended/);
    expect(digestOf(stdout)).toBe(whole.digest);
  });

  it('stopped by Ctrl-C, exits with 130, keeps its journal and gives its lock back', async () => {
    const child = await startAndWait('stopped.json');
    child.kill('SIGINT');
    const [code] = await once(child, 'close');
    expect(code).toBe(130);
    expect([await exists('stopped.json'), await exists('stopped.json.lock')]).toEqual([false, false]);
    expect(digestOf(parapet(evaluate('stopped.json')).stdout)).toBe(whole.digest);
  });

  it('refuses to work where another process does', async () => {
    const child = await startAndWait('shared.json');
    child.kill('SIGSTOP');
    const { status, stderr, stdout } = parapet(evaluate('shared.json'));
    expect(stderr).toMatch(/^error: .*shared\.json\.lock: process \d+ is at work on it/m);
    expect({ status, stdout }).toEqual({ status: 5, stdout: '' });
    child.kill('SIGKILL');
    await once(child, 'close');
  });

  it.each([
    ['--publish', {}, ['--publish']],
    ['an evaluation under CI', { CI: 'true' }, ['--out', 'refused.json']],
  ])('refuses %s without the sandbox, before anything is computed', async (demand, env, args) => {
    const off = { ...process.env, NO_COLOR: '1', PARAPET_SANDBOX: 'off', ...env };
    const command = [main, 'evaluate', submission, '--track', 'mnist-linf-0.3', '--examples', '5', ...args];
    const { status, stdout, stderr } = spawnSync(process.execPath, command, {
      encoding: 'utf8',
      cwd: folder,
      env: off,
    });
    expect(stderr).toMatch(
      new RegExp(`^error: ${demand}.* needs the sandbox, which does not work here: PARAPET_SANDBOX is off$`, 'm'),
    );
    expect(stderr).toMatch(/sudo apt-get install bubblewrap/);
    expect({ status, stdout }).toEqual({ status: 5, stdout: '' });
    expect([await exists('refused.json'), await exists('results')]).toEqual([false, false]);
  });

  it('warns once where it goes on without the sandbox, to the same result', () => {
    const env = { ...process.env, NO_COLOR: '1', PARAPET_SANDBOX: 'off' };
    const { stdout, stderr } = spawnSync(process.execPath, [main, ...evaluate('open.json')], {
      encoding: 'utf8',
      cwd: folder,
      env,
    });
    expect(stderr.match(/warning: models run without a sandbox \(PARAPET_SANDBOX is off\)/g)).toHaveLength(1);
    expect(digestOf(stdout)).toBe(whole.digest);
  });

  it.each([
    [['--track', 'mnist-linf-0.4'], 2, /track: there is no 'mnist-linf-0.4'\n {2}the tracks are .*mnist-linf-0.3/],
    [['--track', 'cifar10-l2-0.5'], 2, /Test2026Net is a defense of mnist; track cifar10-l2-0.5 is of cifar10/],
    [['--suite', 'quik'], 2, /suite: there is no 'quik'\n {2}the suites are quick/],
    [['--examples', '0'], 2, /--examples: '0'; wanted a whole number of at least 1/],
    [['--backend', 'tpu'], 2, /--backend: there is no 'tpu'/],
    [['--shard', '5/4'], 2, /--shard: '5\/4'/],
    [['--out', 'one.json'], 2, /--out: one file for 3 results/],
  ])('says what is wrong with %j', (args, code, message) => {
    const { status, stderr, stdout } = parapet(['evaluate', submission, '--backend', 'wasm', ...args]);
    expect(stderr).toMatch(message);
    expect({ status, stdout }).toEqual({ status: code, stdout: '' });
  });

  it('says what is wrong with a submission that is not there, has no weights, or other ones than its net', async () => {
    expect(parapet(['evaluate', 'nowhere'])).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/nowhere: there is no such folder/),
    });
    const misfit = await makeSubmission(join(folder, 'misfit'), 1, (weights) => {
      weights['fc1.bias'] = new Float32Array(3);
    });
    expect(
      parapet(['evaluate', misfit, '--track', 'mnist-linf-0.3', '--examples', '5', '--backend', 'wasm']),
    ).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/weights do not fit papernot-mnist: 'fc1.bias' has shape \[3\]; wanted \[200\]/),
    });
  });

  it('says so when the disk does not take the output', async (context) => {
    const { status, stderr } = parapet(evaluate(`${'x'.repeat(300)}.json`));
    if (status === 0) context.skip('this disk takes names of any length');
    expect(stderr).toMatch(/^error: cannot /m);
    expect(status).toBe(5);
  });
});

describe('verify', () => {
  it('prints the record of one example, and a proof that leads to the root of the result', () => {
    const { stdout, status } = parapet([
      'verify',
      'whole.json',
      '--submission',
      submission,
      '--example',
      '3',
      '--json',
    ]);
    const proof = JSON.parse(stdout);
    expect(status).toBe(0);
    expect(proof).toMatchObject({
      recorded: true,
      root: whole.evidence.root,
      index: 3,
      size: 20,
      record: { example: 3 },
    });
    expect(provesExample(proof)).toBe(true);
    expect(parapet(['verify', 'whole.json', '--submission', submission, '--example', '20'])).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/--example: no attack of whole\.json met example 20 of mnist/),
    });
  });

  it('refuses evidence of which one pixel was changed, and a number that was changed', async () => {
    const evidence = join(folder, whole.evidence.file);
    const bytes = await readFile(evidence);
    const at = bytes.length - 100;
    const changed = Buffer.from(bytes);
    changed[at] = ((changed[at] as number) + 128) % 256;
    await writeFile(evidence, changed);
    const verify = ['verify', 'whole.json', '--submission', submission, '--backend', 'wasm'];
    expect(parapet(verify)).toMatchObject({ status: 6, stderr: expect.stringMatching(/evidence\.digest/) });
    await writeFile(evidence, bytes);
    const better = { ...whole, robustAccuracy: { value: 1, low: 0.9, high: 1 } };
    await writeFile(join(folder, 'better.json'), JSON.stringify(better));
    expect(parapet(['verify', 'better.json', ...verify.slice(2)])).toMatchObject({
      status: 6,
      stderr: expect.stringMatching(/digest/),
    });
  });
});

describe('attack', () => {
  it('prints numbers and writes every image', async () => {
    const args = [
      'attack',
      submission,
      '--track',
      'mnist-l0-112',
      '--attack',
      'jsma',
      '--examples',
      '3',
      '--backend',
      'wasm',
    ];
    const { stdout, status } = parapet([...args, '--option', 'maxFeatures=4', '--out', 'images.safetensors', '--json']);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      attack: 'jsma',
      targets: 'runner-up',
      options: { maxFeatures: 4 },
      attempted: 3,
    });
    expect((await readFile(join(folder, 'images.safetensors'))).length).toBeGreaterThan(3 * 784 * 4);
  });

  it.each([
    [['--attack', 'pdg'], /attack: there is no 'pdg'/],
    [['--attack', 'pgd'], /--track: pgd does not know L0/],
    [['--attack', 'jsma', '--option', 'theta'], /--option: 'theta'; wanted name=value/],
    [['--attack', 'jsma', '--option', 'theta=2'], /jsma.theta/],
    [['--attack', 'jsma', '--targets', 'untargeted'], /jsma is required targeted/],
  ])('says what is wrong with %j', (args, message) => {
    const { status, stderr } = parapet(['attack', submission, '--track', 'mnist-l0-112', '--backend', 'wasm', ...args]);
    expect(stderr).toMatch(message);
    expect(status).toBe(2);
  });
});

describe('shard plan', () => {
  it('prints a command per part and one that merges, with what it was given', () => {
    const { stdout } = parapet([
      'shard',
      'plan',
      'submissions/A b',
      '--suite',
      'v1',
      '--shards',
      '2',
      '--track',
      'mnist-l2-2',
    ]);
    expect(stdout.trim().split('\n')).toEqual([
      "npm run -s parapet -- shard run --shard 1/2 'submissions/A b' --suite v1 --track mnist-l2-2",
      "npm run -s parapet -- shard run --shard 2/2 'submissions/A b' --suite v1 --track mnist-l2-2",
      "npm run -s parapet -- shard merge --shards 2 'submissions/A b' --suite v1 --track mnist-l2-2",
    ]);
  });
});

describe('claims', () => {
  it('prints theirs beside ours and a verdict', () => {
    const { stdout, status } = parapet(['claims', 'papernot2016', '--json']);
    expect(status).toBe(0);
    const { figures } = JSON.parse(stdout) as {
      figures: { id: string; theirs: { value: number } | null; verdict: string }[];
    };
    expect(figures.find(({ id }) => id === 'mnist-jsma-undistilled')?.theirs?.value).toBeCloseTo(0.9589, 4);
    expect(parapet(['claims', 'papernot2015'])).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/there is no 'papernot2015'/),
    });
  });
});
