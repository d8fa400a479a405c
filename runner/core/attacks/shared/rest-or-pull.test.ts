import { expect, test } from 'vitest';
import { restOrPull } from './rest-or-pull.ts';

test('each row is pulled until it has had a success, then rests, then goes by what brought it nearer', () => {
  const none = Number.POSITIVE_INFINITY;
  const { pulled, learn } = restOrPull(3);
  expect([...pulled]).toEqual([1, 1, 1]);
  learn(Float64Array.of(2, 2, none));
  expect([...pulled]).toEqual([0, 0, 1]);
  learn(Float64Array.of(1, 3, 2));
  expect([...pulled]).toEqual([0, 1, 0]);
  // Without a success at rest nothing is known of it yet.
  learn(Float64Array.of(5, none, none));
  expect([...pulled]).toEqual([0, 1, 0]);
});
