import { ParapetError } from '#core/errors.ts';

/** @throws ParapetError 'interrupted' once the signal has fired */
export function throwIfInterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new ParapetError('interrupted', 'interrupted', 'the same command resumes');
}
