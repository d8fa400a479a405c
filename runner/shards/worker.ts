/** A worker process: starts a backend, then does one task after another until its parent lets go of it. */
import { perform } from '#core/evaluation/perform.ts';
import { assertBackend, startBackend, startReference } from '../backends/index.ts';
import { openBench } from './bench.ts';
import { openChannel } from './channel.ts';
import { packError, type StartMessage, type TaskMessage } from './messages.ts';
import { dieWithParent } from './watch-parent.ts';

let bench: Awaited<ReturnType<typeof openBench>> | null = null;

async function start({ backend }: StartMessage): Promise<void> {
  if (backend !== 'cpu') return send({ kind: 'ready', report: await startBackend(backend) });
  await startReference();
  send({ kind: 'ready', report: null });
}

const PROGRESS_INTERVAL_MS = 1000;

/** Kept for the tasks after the first, which brings it; models that cannot be opened are tried again by each of them. */
let models: TaskMessage['models'] = null;

async function doTask({ models: sent, task, x, y }: TaskMessage): Promise<void> {
  // There is no silent fallback: the backend is looked at before and after every task.
  assertBackend();
  models ??= sent;
  if (models === null) throw new Error('a task came before any model');
  bench ??= await openBench(models);
  const started = performance.now();
  let gradients = 0;
  let told = started;
  const spent = (more: number) => {
    gradients += more;
    const now = performance.now();
    if (now - told < PROGRESS_INTERVAL_MS) return;
    told = now;
    send({ kind: 'progress', gradients, seconds: (now - started) / 1000 });
  };
  // The parent has picked what the task reads, in its order.
  const pick = () => ({ x, y });
  const outcome = await perform(task, { ...bench, pick, now: () => performance.now(), spent });
  assertBackend();
  send({ kind: 'done', outcome, peakMemoryBytes: process.resourceUsage().maxRSS * 1024 });
}

const [ownLimit] = process.argv.slice(2);
dieWithParent(ownLimit === undefined ? undefined : Number(ownLimit));
// Ctrl-C reaches the whole process group; what to do about it is the parent's decision.
process.on('SIGINT', () => {});
const send = openChannel((message) => {
  const work = message.kind === 'start' ? start(message) : doTask(message);
  work.catch((error: unknown) => send({ kind: 'failed', error: packError(error) }));
});
