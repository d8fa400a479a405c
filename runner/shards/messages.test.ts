import { describe, expect, it } from 'vitest';
import { ParapetError } from '#core/errors.ts';
import { fromWorkerSchema, packError, unpackError } from './messages.ts';

describe('an error on its way', () => {
  it('stays what it is: one for a person with its hint, or a bug with its stack', () => {
    const refusal = new ParapetError('submission', 'no weights', 'train');
    expect(unpackError(packError(refusal))).toMatchObject({ kind: 'submission', message: 'no weights', hint: 'train' });
    const bug = new TypeError('x is not a function');
    expect(unpackError(packError(bug))).toMatchObject({ message: 'x is not a function', stack: bug.stack });
    expect(unpackError(packError('text'))).toMatchObject({ message: 'text' });
  });

  it('is cut to what the parent takes, however long it is', () => {
    const error = packError(new ParapetError('misbehaved', 'm'.repeat(1e5), 'h'.repeat(1e5)));
    expect(fromWorkerSchema.safeParse({ kind: 'failed', error }).success).toBe(true);
    expect(error.message).toHaveLength(8000);
  });
});

describe('the parent takes no', () => {
  it.each([
    ['other kind', { kind: 'start', backend: 'wasm' }],
    ['interruption by a worker', { kind: 'failed', error: { kind: 'interrupted', message: '' } }],
    ['text without an end', { kind: 'failed', error: { kind: null, message: 'm'.repeat(8001) } }],
    ['time that runs backwards', { kind: 'progress', gradients: 1, seconds: -1 }],
    ['spending that is no number', { kind: 'progress', gradients: Number.NaN, seconds: 1 }],
    ['field beside', { kind: 'done', outcome: 1, peakMemoryBytes: 1, run: 'me' }],
    ['backend that there is not', { kind: 'ready', report: { name: 'abacus' } }],
  ])('%s', (_what, message) => {
    expect(fromWorkerSchema.safeParse(message).success).toBe(false);
  });
});
