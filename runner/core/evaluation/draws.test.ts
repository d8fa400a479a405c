/** A defense that draws, evaluated in a world of two pixels: the draws of a run are decided by its tasks and of an answer by nothing. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { defended } from '../defenses/index.ts';
import { evaluate, type Workers } from '../evaluate.ts';
import type { Classifier } from '../models/classifier.ts';
import type { Suite } from '../suites/suite.ts';
import { brighter, localWorkers, pairEvaluation, pixelPairs } from '../testing/pairs.ts';
import { verify } from '../verification/verify.ts';
import { classify, perform, pickFrom } from './perform.ts';
import { type Task, taskKey } from './tasks.ts';

beforeAll(() => tf.setBackend('cpu'));

const examples = { ...pixelPairs([10, 100, 140, 170, -60, 254]), digest: '1'.repeat(64) };
const noisy = () => defended([brighter], [{ id: 'gaussian-noise', options: { deviation: 0.15, samples: 25 } }]);
/** A net with so many ripples that the draws decide which way a step goes. */
const rippled = () =>
  defended(
    [{ ...brighter, logits: (x) => tf.tidy(() => brighter.logits(tf.add(x, tf.mul(0.05, tf.sin(tf.mul(x, 60)))))) }],
    [{ id: 'gaussian-noise', options: { deviation: 0.15, samples: 25 } }],
  );
const options = { loss: 'margin', steps: 4, relativeStepSize: 0.5, eotSamples: 3, randomStart: false };
const changes: Partial<Suite> = {
  attacks: { 'mnist-linf-0.3': [{ id: 'pgd', attack: 'pgd', options, targets: 'untargeted', ball: 'track' }] },
  probes: ['repeats'],
};
const evaluation = (seed = 1) => ({ ...pairEvaluation(examples, changes), seed });

/** @param of the classifier that does a task */
function workers(of: () => Classifier, known: ReadonlyMap<string, unknown> = new Map()): Workers {
  return localWorkers(examples, {
    run: async (task) =>
      (known.get(taskKey(task) ?? '') ??
        (await perform(task, { classifier: of(), pick: pickFrom(examples), now: () => 0 }))) as never,
    confirm: (x) => classify(of(), x),
  });
}

describe('an evaluation of a defense that draws', () => {
  it('is the same when it goes on in another process, its tasks in another order', async () => {
    const one = rippled();
    const whole = await evaluate(
      evaluation(),
      workers(() => one),
    );
    const tasks: Task[] = [];
    await evaluate(evaluation(), {
      ...workers(rippled),
      run: (task) => {
        tasks.push(task);
        return workers(rippled).run(task);
      },
    });
    const known = new Map<string, unknown>();
    for (const task of tasks.filter(({ kind }) => kind === 'attack').reverse()) {
      known.set(taskKey(task) as string, await workers(rippled).run(task));
    }
    expect(known.size).toBe(3);
    const resumed = await evaluate(evaluation(), workers(rippled, known));
    expect(resumed.draft.digest).toBe(whole.draft.digest);
    expect(resumed.evidence).toEqual(whole.evidence);
    expect((await evaluate(evaluation(2), workers(rippled))).evidence).not.toEqual(whole.evidence);
  });

  it('breaks what the noiseless net loses, leaves what is far from it, and can be verified from its images', async () => {
    const { draft, evidence } = await evaluate(evaluation(), workers(noisy));
    expect(draft.cleanAccuracy.value).toBe(5 / 6);
    // At ε = 0.3 differences of up to 153 levels are lost; the noise has 0.15 · √2 · 255 = 54 of them, the mean of 25 draws 11.
    expect(draft.robustAccuracy.value).toBe(2 / 6);
    const run = { date: '2026-01-01T00:00:00Z', seconds: 1, host: 'here', peakMemoryBytes: 1 };
    const verification = await verify({
      ...{ result: { ...draft, run }, evidence, examples, classes: 2 },
      suite: evaluation().suite,
      submissionDigest: evaluation().submission.digest,
      classify: (x) => classify(noisy(), x),
    });
    expect(verification).toMatchObject({ findings: [], images: 3, differing: 0 });
  });

  it('is flagged as one that draws, for information where the suite averages over draws', async () => {
    const levelOf = async (eotSamples: number) => {
      const line = {
        id: 'pgd',
        attack: 'pgd',
        options: { ...options, eotSamples },
        targets: 'untargeted',
        ball: 'track',
      } as const;
      const suite = { ...changes, attacks: { 'mnist-linf-0.3': [line] } };
      const { draft } = await evaluate({ ...pairEvaluation(examples, suite) }, workers(noisy));
      return draft.flags.find(({ id }) => id === 'randomised')?.level;
    };
    expect(await levelOf(3)).toBe('info');
    expect(await levelOf(1)).toBe('warning');
  });

  it('gives other answers where it is asked for them', async () => {
    const x = examples.x.slice(0, 2);
    const answer = async (number?: number) =>
      [...(await workers(noisy).run({ kind: 'predict', x, ...(number !== undefined && { answer: number }) }))].join();
    expect(await answer(0)).toBe(await answer());
    expect(await answer(1)).not.toBe(await answer(0));
    // One that does not draw has one answer.
    const plain = async (number: number) => [
      ...(await localWorkers(examples).run({ kind: 'predict', x, answer: number })),
    ];
    expect(await plain(1)).toEqual(await plain(0));
  });
});
