/**
 * Damaged files for every reader of files from strangers, `npm run fuzz`: `--inputs N` of each kind, `--seed N`, `--first N` to go on from
 * there, `--kind NAME`. In a process of its own under a watchdog: one that stands still is killed, and the input named.
 */
import { fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import { startBackend } from '../../backends/index.ts';
import { fuzz } from './run.ts';
import { targets } from './targets.ts';

/** Without a sign of life for so long, in milliseconds, the process is killed. */
const PATIENCE = 60_000;

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
  let timer = setTimeout(kill, PATIENCE);
  function kill() {
    console.error(`It stood still for a minute within 256 inputs after ${at}`);
    child.kill('SIGKILL');
  }
  child.on('message', (message: { at: string }) => {
    at = message.at;
    clearTimeout(timer);
    timer = setTimeout(kill, PATIENCE);
  });
  child.on('exit', (code, signal) => {
    clearTimeout(timer);
    if (signal !== null) console.error(`It was ended by ${signal} within 256 inputs after ${at}`);
    process.exitCode = code ?? 1;
  });
}
