/**
 * The lab's worker: readies the place where `program.ts` runs, and passes every message on to it.
 *
 * tfjs lets other tasks through by waiting for an animation frame where there is such a thing. A hidden page has no frames, and
 * a run would stand still in it; so a message to ourselves takes their place, before tfjs looks.
 */
import type { FromWorker, ToWorker } from './protocol.ts';

const { port1, port2 } = new MessageChannel();
const waiting: FrameRequestCallback[] = [];
port1.onmessage = () => waiting.shift()?.(performance.now());
globalThis.requestAnimationFrame = (callback) => {
  port2.postMessage(null);
  return waiting.push(callback);
};

const program = import('./program.ts');

addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  program.then(
    ({ receive }) => receive(data),
    () => {
      const message = 'The lab’s program could not be loaded.';
      const hint = 'You may be offline: check the connection and try again.';
      postMessage({ type: 'failed', id: data.id, message, hint, cancelled: false } satisfies FromWorker);
    },
  );
});
