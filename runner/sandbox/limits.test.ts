import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { limitsOf, prlimitArguments } from './limits.ts';
import { usageOf } from './watch-usage.ts';

it('a small machine allows less than a large one, and a person decides', () => {
  expect(limitsOf({}, 2 ** 30).memoryBytes).toBe(Math.floor(0.8 * 2 ** 30));
  expect(limitsOf({}, 2 ** 40).memoryBytes).toBe(2 ** 34);
  expect(limitsOf({ PARAPET_WORKER_MEMORY: '1.5', PARAPET_WORKER_SILENCE: '30' })).toMatchObject({
    memoryBytes: 1.5 * 2 ** 30,
    silenceSeconds: 30,
  });
});

it.each(['0', '-1', 'four', 'Infinity'])('a limit of %s is refused by its name', (value) => {
  expect(() => limitsOf({ PARAPET_WORKER_MEMORY: value })).toThrow(`PARAPET_WORKER_MEMORY is '${value}'`);
});

it.skipIf(process.platform !== 'linux')(
  'memory that is only reserved does not count, and memory that is used does',
  () => {
    const limits = { ...limitsOf({}), memoryBytes: 2 ** 28 };
    const run = (script: string) =>
      spawnSync('prlimit', [...prlimitArguments(limits, false), process.execPath, '-e', script], { encoding: 'utf8' });
    // A wasm memory reserves ten gigabytes of addresses.
    expect(run('new WebAssembly.Memory({ initial: 16, maximum: 65536 }); console.log("ok")').stdout).toBe('ok\n');
    expect(run('console.log(new Uint8Array(100 * 2 ** 20).fill(1).length)').status).toBe(0);
    const { status, stderr } = run('new Uint8Array(2 ** 30).fill(1)');
    expect([status, stderr]).toEqual([1, expect.stringMatching(/Array buffer allocation failed/)]);
  },
);

it.skipIf(process.platform !== 'linux')('what this process uses is seen from outside', () => {
  const { memoryBytes = 0, threads = 0 } = usageOf(process.pid) ?? {};
  expect(Math.abs(memoryBytes - process.memoryUsage.rss())).toBeLessThan(100 * 2 ** 20);
  expect(threads).toBeGreaterThanOrEqual(4);
  expect(usageOf(2 ** 30)).toBeNull();
});
