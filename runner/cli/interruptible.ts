import { ParapetError } from '#core/errors.ts';

/**
 * Runs something that Ctrl-C or SIGTERM stops at the next safe point. A second Ctrl-C stops at once.
 * @throws ParapetError 'interrupted' when it was stopped
 */
export async function interruptible<T>(body: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new ParapetError('interrupted', 'interrupted', 'the same command goes on where it stopped'));
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    return await body(controller.signal);
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}
