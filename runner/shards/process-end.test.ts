import { expect, it } from 'vitest';
import { describeEnd, lastLines } from './process-end.ts';

it.each([
  [0, null, 'exit code 0'],
  [3, null, 'exit code 3'],
  [null, 'SIGKILL', 'signal SIGKILL'],
  // Of bubblewrap, whose child was aborted.
  [134, null, 'signal SIGABRT'],
  [255, null, 'exit code 255'],
] as const)('exit code %s and signal %s are called %s', (code, signal, said) => {
  expect(describeEnd(code, signal)).toBe(said);
});

it('the last words of a process are its error, without the stack that Node adds', () => {
  const stderr =
    'loading\n/app/worker.ts:3\n    throw\n    ^^^^^\n\n\u001b[31mRangeError: Array buffer allocation failed\u001b[0m\n    at new ArrayBuffer (<anonymous>)\n    at file:///app/worker.ts:3:1\n\nNode.js v22.23.3\n';
  expect(lastLines(stderr)).toBe('/app/worker.ts:3 | throw | RangeError: Array buffer allocation failed');
});
