import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { exists } from '../files/lock-owner.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parapet-watch-'));
});
afterEach(() => rm(folder, { recursive: true }));

it.skipIf(process.platform === 'win32')(
  'a worker that computes without a pause ends with its killed parent',
  async () => {
    const watch = new URL('./watch-parent.ts', import.meta.url).href;
    await writeFile(
      join(folder, 'worker.mjs'),
      `import { dieWithParent } from ${JSON.stringify(watch)};
     dieWithParent();
     process.send(process.pid, () => { const end = Date.now() + 20000; while (Date.now() < end); });`,
    );
    await writeFile(
      join(folder, 'parent.mjs'),
      `import { fork } from 'node:child_process';
     fork(${JSON.stringify(join(folder, 'worker.mjs'))}).on('message', (pid) => process.send(pid));`,
    );
    const parent = fork(join(folder, 'parent.mjs'), { execArgv: [] });
    const [worker] = (await once(parent, 'message')) as [number];
    expect(exists(worker)).toBe(true);
    parent.kill('SIGKILL');
    for (let waited = 0; waited < 5000 && exists(worker); waited += 100) await setTimeout(100);
    expect(exists(worker)).toBe(false);
  },
);

it.skipIf(process.platform === 'win32')(
  'a worker that holds too much memory ends itself, where nobody else looks',
  async () => {
    const watch = new URL('./watch-parent.ts', import.meta.url).href;
    await writeFile(
      join(folder, 'greedy.mjs'),
      `import { dieWithParent } from ${JSON.stringify(watch)};
     dieWithParent(2 ** 28);
     const held = [];
     const end = Date.now() + 20000;
     while (Date.now() < end) if (held.length < 20) held.push(new Uint8Array(2 ** 24).fill(1));`,
    );
    const worker = fork(join(folder, 'greedy.mjs'), { execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    let said = '';
    worker.stderr?.on('data', (text: Buffer) => {
      said += text.toString();
    });
    const [, signal] = await once(worker, 'close');
    expect([signal, said]).toEqual(['SIGKILL', expect.stringMatching(/^out of memory: more than 268435456 bytes/)]);
  },
);
