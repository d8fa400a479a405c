/**
 * Damaged files for every reader of files from strangers, `npm run fuzz`: `--inputs N` of each kind, `--seed N`, `--first N` to go on from
 * there, `--kind NAME`. In a process of its own under a watchdog: one that stands still is killed, and the input named.
 */
import { fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import { startBackend } from '../../backends/index.ts';
import { usageOf } from '../../sandbox/watch-usage.ts';
import { fuzz } from './run.ts';
import { targets } from './targets.ts';

/**
 * The process is killed when it has computed for so long without a sign of life, in seconds of processor time: on a busy machine it may wait
 * for longer than it computes. Where that cannot be seen, and for one that waits for ever, the clock decides.
 */
const MOST_COMPUTING = 60;
const MOST_WAITING = 1800;

const { values: options } = parseArgs({
  options: {
    inputs: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    first: { type: 'string', default: '0' },
    kind: { type: 'string' },
  },
});
const chosen = targets.filter(({ name }) => options.kind === undefined || name === options.kind);
if (chosen.length === 0) {
  console.error(`--kind: there is no '${options.kind}'; the kinds are ${targets.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}

if (process.send === undefined) watch();
else await work();

async function work(): Promise<void> {
  await startBackend('wasm');
  for (const target of chosen) {
    const tell = (done: number) =>
      process.send?.({ at: `${target.name} ${options.seed}:${Number(options.first) + done}` });
    const { read, refused, failures, slowest } = await fuzz(
      target,
      Number(options.seed),
      Number(options.first),
      Number(options.inputs),
      tell,
    );
    console.log(
      `${target.name}: ${read + refused + failures.length} inputs, ${read} read, ${refused} refused, ${failures.length} failed; slowest ${Math.round(slowest)} ms`,
    );
    for (const failure of failures) console.log(`  ${failure}`);
    if (failures.length > 0) process.exitCode = 1;
  }
  process.disconnect();
}

function watch(): void {
  const child = fork(import.meta.filename, process.argv.slice(2));
  let at = 'the start';
  const now = () => ({ clock: performance.now() / 1000, computed: usageOf(child.pid as number)?.cpuSeconds ?? 0 });
  let last = now();
  const timer = setInterval(() => {
    const { clock, computed } = now();
    if (computed - last.computed < MOST_COMPUTING && clock - last.clock < MOST_WAITING) return;
    console.error(`It stood still within 256 inputs after ${at}`);
    child.kill('SIGKILL');
  }, 1000);
  child.on('message', (message: { at: string }) => {
    at = message.at;
    last = now();
  });
  child.on('exit', (code, signal) => {
    clearInterval(timer);
    if (signal !== null) console.error(`It was ended by ${signal} within 256 inputs after ${at}`);
    process.exitCode = code ?? 1;
  });
}
