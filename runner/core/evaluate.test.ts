import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { evaluate } from './evaluate.ts';
import { perform } from './evaluation/perform.ts';
import { decodeEvidence } from './evidence/file.ts';
import { resultDigest, resultSchema } from './result.ts';
import type { Suite } from './suites/suite.ts';
import { brighter, localWorkers, pairEvaluation, pixelPairs } from './testing/pairs.ts';

beforeAll(() => tf.setBackend('cpu'));

const examples = pixelPairs([10, 100, 152, 154, -10, 254]);
const run = { date: '2026-01-01T00:00:00Z', seconds: 1, host: 'here', peakMemoryBytes: 1 };

describe('evaluate', () => {
  it('gives the closed-form answer of a linear model', async () => {
    const { draft } = await evaluate(pairEvaluation(examples), localWorkers(examples));
    expect(draft.cleanAccuracy.value).toBe(5 / 6);
    expect(draft.robustAccuracy.value).toBe(2 / 6);
    expect(draft.attacks[0]).toMatchObject({ attempted: 6, successRate: { value: 3 / 5 } });
    expect(draft.curve.find(({ epsilon }) => epsilon === 0.3)?.robustAccuracy).toBe(2 / 6);
    expect(draft.curve[0]).toEqual({ epsilon: 0, robustAccuracy: 5 / 6 });
    expect(draft.evidence.verified).toBe(3);
    expect(resultSchema.parse({ ...draft, run }).digest).toBe(resultDigest(draft));
  });

  it('keeps one image on the 8-bit grid per broken example, within the ball', async () => {
    const { evidence } = await evaluate(pairEvaluation(examples), localWorkers(examples));
    const { suite: resolved } = pairEvaluation(examples);
    const decoded = decodeEvidence(evidence, resolved, 2, (i) => examples.x.subarray(2 * i, 2 * i + 2));
    expect(decoded.best.map(({ row }) => row)).toEqual([0, 1, 2]);
    for (const { row, pixels } of decoded.best) {
      pixels.forEach((value, j) => {
        expect(value).toBe(Math.fround(Math.round(value * 255) / 255));
        expect(Math.abs(value - (examples.x[2 * row + j] as number))).toBeLessThanOrEqual(0.3);
      });
    }
  });

  it('does not count what the independent backend does not confirm, and says so', async () => {
    let asked = 0;
    const blind = localWorkers(examples, {
      confirm: async (x) => {
        asked += x.length / 2;
        return Float32Array.from({ length: x.length }, (_, i) => (i % 2 === 0 ? 1 : 0));
      },
    });
    const { draft } = await evaluate(pairEvaluation(examples), blind);
    expect(asked).toBeGreaterThanOrEqual(3);
    expect(draft.robustAccuracy.value).toBe(5 / 6);
    expect(draft.attacks[0]?.successRate.value).toBe(0);
    expect(draft.evidence.verified).toBe(0);
    expect(draft.flags.find(({ id }) => id === 'unconfirmed')?.value).toBe(3);
  });

  it('scans everything and attacks only what is right where the suite says so', async () => {
    const changes: Partial<Suite> = { examples: { count: 5, which: 'first-correct' } };
    const { draft } = await evaluate(pairEvaluation(examples, changes), localWorkers(examples));
    expect(draft.examples).toBe(5);
    expect(draft.cleanAccuracy.value).toBe(5 / 6);
    expect(draft.robustAccuracy.value).toBe(2 / 5);
  });

  it('refuses a model whose clean logits are not finite, and names the first image', async () => {
    const broken = { ...examples, x: examples.x.slice() };
    broken.x[5] = Number.NaN;
    await expect(evaluate(pairEvaluation(broken), localWorkers(broken))).rejects.toThrow(
      /1 of 6 clean images.* number 2/,
    );
  });

  it('flags what a person should know: few examples, low accuracy', async () => {
    const wrong = pixelPairs([-10, -20, 30]);
    const { draft } = await evaluate(pairEvaluation(wrong), localWorkers(wrong));
    expect(draft.flags.map(({ id }) => id)).toEqual(['low-clean-accuracy', 'partial']);
  });

  it('has a digest that no clock changes', async () => {
    let now = 0;
    const ticking = localWorkers(examples, {
      run: (task) => perform(task, { classifier: brighter, examples, now: () => (now += 500) }),
    });
    const one = await evaluate(pairEvaluation(examples), localWorkers(examples));
    const two = await evaluate(pairEvaluation(examples), ticking);
    expect(two.draft.attacks[0]?.seconds).toBeGreaterThan(0);
    expect(two.draft.digest).toBe(one.draft.digest);
  });
});
