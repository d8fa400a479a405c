import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { evaluate } from '../evaluate.ts';
import { resultDigest, resultSchema } from '../result.ts';
import type { SuiteAttack } from '../suites/suite.ts';
import { brighter, localWorkers, pairEvaluation, pixelPairs } from '../testing/pairs.ts';
import { type Subject, verify } from '../verification/verify.ts';
import { classify, perform, pickFrom } from './perform.ts';

beforeAll(() => tf.setBackend('cpu'));

const examples = { ...pixelPairs([10, 100, 152, 154, -10, 254]), digest: '1'.repeat(64) };
const line: SuiteAttack = {
  id: 'transfer',
  attack: 'transfer',
  options: {},
  targets: 'untargeted',
  ball: 'track',
  surrogates: ['Other'],
};
const digest = '3'.repeat(64);
const evaluation = {
  ...pairEvaluation(examples, { attacks: { 'mnist-linf-0.3': [line] } }),
  surrogates: { Other: digest },
};
const surrogates = { Other: brighter };
const workers = localWorkers(examples, {
  run: (task) => perform(task, { classifier: brighter, surrogates, pick: pickFrom(examples), now: () => 0 }),
});

async function result() {
  const { draft, evidence } = await evaluate(evaluation, workers);
  const run = { date: '2026-01-01T00:00:00Z', seconds: 1, host: 'here', peakMemoryBytes: 1 };
  return { result: resultSchema.parse({ ...draft, run }), evidence };
}

test('a result names the surrogates of a line and their digests, and counts what they broke', async () => {
  const { result: came } = await result();
  expect(came.attacks[0]).toMatchObject({ surrogates: [{ id: 'Other', digest }], gradientCalls: 0 });
  // The three of a difference below 153 bytes, and the one that is wrong from the start.
  expect(came.robustAccuracy.value).toBeCloseTo(2 / 6, 10);
});

test('verify holds a line to the surrogates that its suite names, as they lie here', async () => {
  const subject = {
    ...(await result()),
    suite: evaluation.suite,
    submissionDigest: evaluation.submission.digest,
    surrogates: evaluation.surrogates,
    examples,
    classes: 2,
    classify: (x: Float32Array) => classify(brighter, x),
  };
  expect((await verify(subject)).findings).toEqual([]);
  const fieldsOf = async (one: Subject) => (await verify(one)).findings.map(({ field }) => field);
  for (const other of [undefined, [{ id: 'Another', digest }], [{ id: 'Other', digest: '4'.repeat(64) }]]) {
    const attacks = subject.result.attacks.map(({ surrogates: _, ...attack }) => ({
      ...attack,
      ...(other === undefined ? {} : { surrogates: other }),
    }));
    const forged = { ...subject.result, attacks };
    const result = { ...forged, digest: resultDigest(forged) };
    expect(await fieldsOf({ ...subject, result })).toEqual(['attacks.transfer.surrogates']);
  }
  // The result as it was, and a surrogate that was trained again since.
  const changed: Record<string, string>[] = [{ Other: '4'.repeat(64) }, {}];
  for (const surrogates of changed)
    expect(await fieldsOf({ ...subject, surrogates })).toEqual(['attacks.transfer.surrogates']);
});

test('a surrogate that is not there is named', async () => {
  const without = localWorkers(examples);
  await expect(evaluate(evaluation, without)).rejects.toThrow(/surrogate Other is not there/);
});
