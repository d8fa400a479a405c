import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Job } from './messages.ts';
import { type Pool, startPool } from './pool.ts';

/** Images of two numbers, two classes: what the stub echoes has the length of logits. */
const job: Job = {
  key: 'one',
  models: { model: { architecture: '', weights: new Uint8Array() }, surrogates: {} },
  classes: 2,
  examples: { x: new Float32Array(2), y: new Int32Array(1), count: 1 },
};

/** What the stub does with a task, by the task's first number. */
const does = { echo: 0, die: 1, dieOnce: 2, refuse: 3, bug: 4, hang: 5, slow: 6, tell: 7, held: 8 };

const stub = `
import { existsSync, writeFileSync, appendFileSync } from 'node:fs';
import { openChannel } from ${JSON.stringify(new URL('./channel.ts', import.meta.url).href)};
let held;
const marker = new URL('./died-once', import.meta.url);
const send = openChannel(async ({ kind, task, models }) => {
  if (kind === 'start') return send({ kind: 'ready', report: null });
  const [what, value] = task.x;
  held ??= models?.model.architecture;
  appendFileSync(new URL('./log', import.meta.url), value + '\\n');
  if (what === ${does.die}) { console.error('went wrong'); process.exit(3); }
  if (what === ${does.dieOnce} && !existsSync(marker)) { writeFileSync(marker, ''); process.kill(process.pid, 'SIGKILL'); }
  if (what === ${does.refuse}) return send({ kind: 'failed', error: { kind: 'submission', message: 'no weights', hint: 'train' } });
  if (what === ${does.bug}) return send({ kind: 'failed', error: { kind: null, message: 'oops', stack: 'Error: oops at worker' } });
  if (what === ${does.hang}) return;
  if (what === ${does.tell}) for (let i = 1; i <= 3; i++) send({ kind: 'progress', gradients: value * i, seconds: i });
  if (what === ${does.held}) return send({ kind: 'failed', error: { kind: null, message: held + ' ' + (models === null) } });
  if (what === ${does.slow}) await new Promise((resolve) => setTimeout(resolve, 300));
  send({ kind: 'done', outcome: task.x, peakMemoryBytes: 1000 + value });
});
`;

let folder: string;
let script: URL;
let pool: Pool | null = null;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parapet-pool-'));
  const path = join(folder, 'stub.mjs');
  await writeFile(path, stub);
  script = pathToFileURL(path);
});
afterEach(async () => {
  pool?.close();
  await rm(join(folder, 'log'), { force: true });
});
afterAll(() => rm(folder, { recursive: true }));

async function start(
  size: number,
): Promise<(what: number, value?: number, minusCost?: number) => Promise<Float32Array>> {
  const started = await startPool({ backend: 'cpu', sandboxed: false, size: () => size, script });
  pool = started;
  return (what, value = 0, minusCost = 0) =>
    started.run(job, { kind: 'predict', x: Float32Array.of(what, value) }, [0, minusCost]);
}

describe('pool', () => {
  it('passes on how far a task is, and to no other task', async () => {
    const started = await startPool({ backend: 'cpu', sandboxed: false, size: () => 1, script });
    pool = started;
    const told: Record<string, number[]> = { first: [], second: [] };
    const run = (name: string, what: number) =>
      started.run(job, { kind: 'predict', x: Float32Array.of(what, 5) }, [0, 0], ({ gradients }) =>
        told[name]?.push(gradients),
      );
    await Promise.all([run('first', does.tell), run('second', does.echo)]);
    expect(told).toEqual({ first: [5, 10, 15], second: [] });
  });

  it('gives every task its own answer, typed arrays included, with more tasks than workers', async () => {
    const run = await start(2);
    const answers = await Promise.all([...Array(9).keys()].map((i) => run(does.echo, i)));
    expect(answers).toEqual([...Array(9).keys()].map((i) => Float32Array.of(0, i)));
    expect(pool?.peakMemoryBytes).toBe(1008);
  });

  it('hands out the costly tasks first', async () => {
    const run = await start(1);
    const first = run(does.slow, 0);
    await Promise.all([run(does.echo, 1, -1), run(does.echo, 3, -3), run(does.echo, 2, -2), first]);
    expect(await readFile(join(folder, 'log'), 'utf8')).toBe('0\n3\n2\n1\n');
  });

  it('tries a task once more when its worker dies', async () => {
    const run = await start(1);
    expect(await run(does.dieOnce, 7)).toEqual(Float32Array.of(does.dieOnce, 7));
  });

  it('gives up on a task that two workers died of, says what they said, and goes on with the others', async () => {
    const run = await start(2);
    const fatal = run(does.die).catch((error: unknown) => error);
    expect(await run(does.echo, 5)).toEqual(Float32Array.of(0, 5));
    expect(await fatal).toMatchObject({
      kind: 'infrastructure',
      message: expect.stringMatching(/exit code 3; went wrong/),
    });
    expect(await run(does.echo, 6)).toEqual(Float32Array.of(0, 6));
  });

  it('hands on an error for a person as it was, and a bug with the worker’s stack', async () => {
    const run = await start(1);
    await expect(run(does.refuse)).rejects.toMatchObject({ kind: 'submission', message: 'no weights', hint: 'train' });
    await expect(run(does.bug)).rejects.toMatchObject({ message: 'oops', stack: 'Error: oops at worker' });
    expect(await run(does.echo, 1)).toEqual(Float32Array.of(0, 1));
  });

  it('gives no worker two models, and no model twice', async () => {
    const started = await startPool({ backend: 'cpu', sandboxed: false, size: () => 2, script });
    pool = started;
    const held = async (key: string) => {
      const models = { model: { architecture: `net ${key}`, weights: new Uint8Array() }, surrogates: {} };
      const task = { kind: 'predict', x: Float32Array.of(does.held, 0) } as const;
      return started.run({ ...job, key, models }, task, [0, 0]).catch(({ message }: Error) => message);
    };
    expect([await held('a'), await held('a')]).toEqual(['net a false', 'net a true']);
    const names = ['b', 'a', 'c', 'b', 'a', 'c'];
    const answers = await Promise.all(names.map(held));
    expect(answers.map((answer) => (answer as string).slice(0, 5))).toEqual(names.map((name) => `net ${name}`));
  });

  it('is interrupted at once by close, whatever the workers do', async () => {
    const run = await start(1);
    const running = run(does.hang).catch((error: unknown) => error);
    const waiting = run(does.echo).catch((error: unknown) => error);
    await setTimeout(100);
    pool?.close();
    expect(await running).toMatchObject({ kind: 'interrupted' });
    expect(await waiting).toMatchObject({ kind: 'interrupted' });
    await expect(run(does.echo)).rejects.toMatchObject({ kind: 'interrupted' });
  });

  it('says so when no worker can be started', async () => {
    const missing = new URL('./none.mjs', script);
    await expect(startPool({ backend: 'cpu', sandboxed: false, size: () => 1, script: missing })).rejects.toThrow(
      /did not start.*exit code 1/,
    );
  });
});
