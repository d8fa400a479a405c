/** The worker's program: takes messages of `protocol.ts` one after the other and computes with the runner's own code. */
import { ParapetError } from '#core/errors.ts';
import { startBrowserBackend } from './backend.ts';
import type { FromWorker, ToWorker } from './protocol.ts';
import { createSession, type Session } from './session.ts';

/** Least time between two reports of progress, in milliseconds. */
const PROGRESS_INTERVAL = 80;

const cancelled = new Set<number>();
let session: Session | null = null;
let queue: Promise<void> = Promise.resolve();

function post(message: FromWorker, transfer: Transferable[] = []): void {
  postMessage(message, { transfer });
}

function running(): Session {
  if (session === null) throw new Error('a message came before the backend was started');
  return session;
}

/** Reports how often the model was asked, at most every so often, and stops a run that was cancelled. */
function watch(id: number): (images: number) => void {
  let calls = 0;
  let reported = performance.now();
  return (images) => {
    if (cancelled.has(id)) throw new ParapetError('interrupted', 'Cancelled.');
    calls += images;
    if (performance.now() - reported < PROGRESS_INTERVAL) return;
    reported = performance.now();
    post({ type: 'progress', id, modelCalls: calls });
  };
}

async function answer(message: Exclude<ToWorker, { type: 'cancel' }>): Promise<void> {
  const { id } = message;
  if (message.type === 'start') {
    const backend = await startBrowserBackend(message.backend, () =>
      post({ type: 'lost', message: `${session?.backend.report.name ?? 'The graphics device'} lost its device.` }),
    );
    session = createSession(backend);
    post({ type: 'done', id, value: backend.report });
  } else if (message.type === 'load') {
    await running().load(message.model, message.sent);
    post({ type: 'done', id, value: null });
  } else {
    const reply = await running().attack(message.request, watch(id));
    post({ type: 'done', id, value: reply }, [reply.xAdv.buffer]);
  }
}

/** Takes a message; a cancellation at once, others one after the other. */
export function receive(data: ToWorker): void {
  if (data.type === 'cancel') {
    cancelled.add(data.id);
    return;
  }
  const { id } = data;
  queue = queue
    .then(() => answer(data))
    .catch((error: unknown) => {
      const known = error instanceof ParapetError;
      const message = error instanceof Error ? error.message : String(error);
      const hint = known ? (error.hint ?? null) : null;
      post({ type: 'failed', id, message, hint, cancelled: known && error.kind === 'interrupted' });
    })
    .finally(() => cancelled.delete(id));
}
