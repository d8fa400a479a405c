/** A worker process: starts a backend, then does one task after another until its parent lets go of it. */
import * as tf from '@tensorflow/tfjs';
import { ParapetError } from '#core/errors.ts';
import { perform } from '#core/evaluation/perform.ts';
import { assertBackend, startBackend } from '../backends/index.ts';
import { benches } from './bench.ts';
import { type FromWorker, packError, type StartMessage, type TaskMessage, type ToWorker } from './messages.ts';
import { dieWithParent } from './watch-parent.ts';

const benchOf = benches();
let onCpu = false;

function send(message: FromWorker): void {
  process.send?.(message);
}

async function start({ backend }: StartMessage): Promise<void> {
  onCpu = backend === 'cpu';
  if (backend !== 'cpu') return send({ kind: 'ready', report: await startBackend(backend) });
  await tf.setBackend('cpu');
  send({ kind: 'ready', report: null });
}

/** There is no silent fallback: the backend is looked at before and after every task. */
function assertStill(): void {
  if (!onCpu) assertBackend();
  else if (tf.getBackend() !== 'cpu')
    throw new ParapetError('infrastructure', `tfjs runs on ${tf.getBackend()}, wanted cpu`);
}

const PROGRESS_INTERVAL_MS = 1000;

async function doTask({ job, task }: TaskMessage): Promise<void> {
  assertStill();
  const bench = await benchOf(job);
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
  const outcome = await perform(task, { ...bench, spent });
  assertStill();
  send({ kind: 'done', outcome, peakMemoryBytes: process.resourceUsage().maxRSS * 1024 });
}

dieWithParent();
// Ctrl-C reaches the whole process group; what to do about it is the parent's decision.
process.on('SIGINT', () => {});
process.on('message', (message: ToWorker) => {
  const work = message.kind === 'start' ? start(message) : doTask(message);
  work.catch((error: unknown) => send({ kind: 'failed', error: packError(error) }));
});
