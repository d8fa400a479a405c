/**
 * Suites that have results, and the models that they craft on, stay as they are: numbers compare only while they do. A change is a new suite.
 */
import { expect, test } from 'vitest';
import { readSubmission } from '../../files/submissions.ts';
import { findSuite } from './index.ts';
import { suiteDigest } from './resolve.ts';

const suites = {
  quick: 'd3892874ddf39746633de4625c3b8f4abcf1b0bf6fa7ae8bd21a00d5a2417290',
  v1: '2e8da8e62c548ed5f97257d7a765ef91b53117d39fc6fcc456ba54f662296888',
  'autoattack-standard': 'bf70b16bd28fd55784b420b81472724b4d19c914e08a34b7f2dc54670c65b567',
  'autoattack-plus': '60bfb3c6aecd5736955964cbbc25f7227a5dff40d7b8d6838311312f556eb149',
  'autoattack-rand': '7dad9708f88caf19af5a18b989bd4749d11aa30ca7de295812f1661cfdd229f1',
  'autoattack-rand-100': 'c3a97bbdded36de73dd66f3b4e06dea65f5a46959c2ef5fe1ced85fc7c06e851',
  papernot2016: 'edcedb2d2ae9da3e9acbef70952c656174618f480ad3f848996fb6ea8bfaab92',
  'papernot2016-full': '4ed9d7df29b10fd5ed951c58c0235c1296aaa976a27324ea01f1820eb6cf3b83',
} as const;

const surrogates = {
  CifarHalf: '0943b64bff6acdc85a8ce166fd387a73e0f28e249b3036876de6f58db727d892',
  CifarLenet: '7a637ddb43440b8a908680351798539c9438ca9004cda67314b11b078b6f61df',
  CifarLenetAdversarial: '58e1e755aca05b192cae07fac1aeb8e70e8feb535eaf05a62e98e97421a8b774',
  FashionFullyConnected: '2bb2636bc84626bf011d3d23b99592aaa26b3ebb73167854ae114e4dfd8efcbb',
  FashionHalf: 'e40e6ef404cf907a8d4a87d32487bd741f843f730810e41f14f152cd0de8e765',
  FashionLenetAdversarial: 'e74236536a05ca3f1a66a41fc53652b8bad8cb594dfaae189c2ed07709f2cf4b',
  MnistFullyConnected: '9c0ab2f361b262e570b9cc2ab0511b809ce4886f97f2fda65ad3d1219e6230ca',
  MnistHalf: '7f44803ff98fad941dcda5db745b48893942ad749f5506776e3b17d46c293b8a',
  MnistLenetAdversarial: 'fa43848f069afbe87db266698192f5da3eb044ea5be1ad11f6340dc7961bb7fd',
} as const;

test.each(Object.entries(suites))('%s is frozen', (id, digest) => {
  expect(suiteDigest(findSuite(id))).toBe(digest);
});

test.each(Object.entries(surrogates))('surrogate %s is frozen', async (id, digest) => {
  const folder = new URL(`../../../surrogates/${id}`, import.meta.url).pathname;
  expect((await readSubmission(folder)).digest).toBe(digest);
});

test('those are all the surrogates that suites name', () => {
  const lines = Object.keys(suites).flatMap((id) => Object.values(findSuite(id).attacks).flat());
  const named = new Set(lines.flatMap((line) => line.surrogates ?? []));
  expect([...named].sort()).toEqual(Object.keys(surrogates).sort());
});
