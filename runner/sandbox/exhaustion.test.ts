/** A worker that uses up what a machine has: within the sandbox and without it the parent sees, says what was too much, and goes on. */
import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { exists } from '../files/lock-owner.ts';
import { launch } from './launch.ts';
import { limitsOf } from './limits.ts';
import { attempt, startHostilePool, tight } from './testing/hostile-pool.ts';
import { noSandbox } from './testing/needs-sandbox.ts';
import { descendantsOf, killTree, usageOf, watchUsage } from './watch-usage.ts';

const onLinux = process.platform === 'linux';
const problem = await noSandbox();
let pool: Awaited<ReturnType<typeof startHostilePool>> | null = null;
afterEach(() => pool?.close());

describe.skipIf(!onLinux).each([
  [true, problem],
  [false, null],
])('with the sandbox: %s (needs bubblewrap: %s)', (sandboxed, missing) => {
  const open = async (limits = {}) => {
    pool = await startHostilePool(sandboxed, limits);
    return pool;
  };

  it.skipIf(missing !== null)('memory: the message has the code, the limit and what was seen', async () => {
    const { message } = await attempt(await open(), 'memory');
    expect(message).toMatch(/resource_exceeded: it used more than 0\.29 GB of memory \(0\.\d+ GB when it was seen\)/);
  });

  it.skipIf(missing !== null)('processor time of a task is limited, whatever the clock says', async () => {
    const started = performance.now();
    const error = await attempt(await open({ cpuSeconds: 1 }), 'hang');
    expect(error).toMatchObject({ kind: 'misbehaved', exitCode: 4 });
    expect(error.message).toMatch(/resource_exceeded: it took more than 1 s of processor time/);
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  it.skipIf(missing !== null)('who has answered and goes on computing is ended, and the next one works', async () => {
    const opened = await open({ idleCpuSeconds: 0.5 });
    expect((await attempt(opened, 'restless')).message).toBe('it answered');
    const worker = () => descendantsOf(process.pid).filter((pid) => (usageOf(pid)?.cpuSeconds ?? 0) > 0);
    const before = worker();
    expect(before.length).toBeGreaterThan(0);
    for (let waited = 0; waited < 15_000 && before.some(exists); waited += 100) await setTimeout(100);
    expect(before.filter(exists)).toEqual([]);
    expect((await attempt(opened, 'rights')).message).toMatch(/NoNewPrivs/);
  });

  it.skipIf(missing !== null)('files run out at their limit, and stdout leads nowhere', async () => {
    const found = JSON.parse((await attempt(await open(), 'files')).message);
    expect(found).toMatchObject({ why: 'EMFILE', flood: 'did: undefined', written: 2 ** 32 });
    expect(found.opened).toBeGreaterThan(500);
    expect(found.opened).toBeLessThan(1024);
  });
});

it.skipIf(!onLinux)('without the sandbox too, processes that a worker started end with it', async () => {
  pool = await startHostilePool(false, { memoryBytes: 4 * 2 ** 30 });
  const running = attempt(pool, 'offspring');
  const seen = new Set<number>();
  let over = false;
  const done = running.finally(() => {
    over = true;
  });
  while (!over) {
    for (const pid of descendantsOf(process.pid)) seen.add(pid);
    await setTimeout(20);
  }
  expect((await done).message).toMatch(/resource_exceeded: it started more than 60 threads/);
  expect(seen.size).toBeGreaterThanOrEqual(5);
  for (let waited = 0; waited < 5000 && [...seen].some(exists); waited += 50) await setTimeout(50);
  const left = [...seen].filter(exists);
  for (const pid of left) killTree(pid);
  expect(left).toEqual([]);
});

it.skipIf(!onLinux)('what a process used at most is remembered after its end', async () => {
  const script = new URL('./testing/hostile.ts', import.meta.url).pathname;
  const child = launch({ script, readable: [], devices: [], env: {} }, tight, false);
  const watch = watchUsage(child.pid as number, tight, () => {});
  await setTimeout(1000);
  killTree(child.pid as number);
  await setTimeout(200);
  watch.stop();
  expect(watch.peakMemoryBytes).toBeGreaterThan(20 * 2 ** 20);
  expect(exists(child.pid as number)).toBe(false);
});

it('processor time is a limit of its own, that a person may set', () => {
  expect(limitsOf({ PARAPET_WORKER_CPU: '90' }).cpuSeconds).toBe(90);
  expect(limitsOf({}).cpuSeconds).toBeGreaterThanOrEqual(limitsOf({}).taskSeconds);
  expect(() => limitsOf({ PARAPET_WORKER_CPU: 'all' })).toThrow("PARAPET_WORKER_CPU is 'all'");
});
