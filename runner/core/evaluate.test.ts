import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { evaluate } from './evaluate.ts';
import { perform, pickFrom } from './evaluation/perform.ts';
import { attackChains, runShard } from './evaluation/phases.ts';
import type { Task } from './evaluation/tasks.ts';
import { taskKey } from './evaluation/tasks.ts';
import { evidenceOf } from './evidence/file.ts';
import { resultDigest, resultSchema } from './result.ts';
import type { Suite, SuiteAttack } from './suites/suite.ts';
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
    const decoded = evidenceOf(evidence, pairEvaluation(examples));
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

  const fgsmLine = (id: string, change: Partial<SuiteAttack> = {}): SuiteAttack => {
    return { id, attack: 'fgsm', options: {}, targets: 'untargeted', ball: 'track', ...change };
  };

  it('in a cascade shows a line only what is right and what those before it left standing', async () => {
    const attacks = { 'mnist-linf-0.3': [fgsmLine('first', { examples: 2 }), fgsmLine('second')] };
    const met: (readonly [string, number[]])[] = [];
    const workers = localWorkers(examples, {
      run: (task) => {
        if (task.kind === 'attack') {
          met.push([task.line.id, [...(task.meets ?? [-1])].map((i) => task.examples[i] as number)]);
        }
        return perform(task, { classifier: brighter, pick: pickFrom(examples), now: () => 0 });
      },
    });
    const cascade = await evaluate(pairEvaluation(examples, { attacks, cascade: true }), workers);
    expect(met.sort()).toEqual([
      ['first', [0, 1]],
      ['second', []],
      ['second', [2, 3]],
      ['second', [5]],
    ]);
    expect(cascade.draft.attacks.map(({ attempted }) => attempted)).toEqual([2, 3]);
    expect(cascade.draft.attacks.map(({ robustAccuracy }) => robustAccuracy.value)).toEqual([3 / 6, 2 / 6]);
    const apart = await evaluate(pairEvaluation(examples, { attacks }), localWorkers(examples));
    expect(cascade.draft.robustAccuracy).toEqual(apart.draft.robustAccuracy);
    expect(apart.draft.attacks.map(({ attempted }) => attempted)).toEqual([2, 6]);
  });

  it('keeps the chunks of a cascade together when it is split into shards', async () => {
    const attacks = { 'mnist-linf-0.3': [fgsmLine('first'), fgsmLine('second')] };
    const evaluation = pairEvaluation(examples, { attacks, cascade: true });
    const chains = attackChains(evaluation, Int32Array.of(0, 1, 2, 3, 4, 5));
    expect(chains.map((chain) => chain.map(({ line, chunk }) => `${line.id}/${chunk}`))).toEqual([
      ['first/0', 'second/0'],
      ['first/1', 'second/1'],
      ['first/2', 'second/2'],
    ]);
    const done: string[] = [];
    const workers = localWorkers(examples, {
      run: <T extends Task>(task: T) => {
        if (task.kind === 'attack') done.push(`${task.line.id}/${task.chunk}`);
        return perform(task, { classifier: brighter, pick: pickFrom(examples), now: () => 0 });
      },
    });
    expect(await runShard(evaluation, workers, { index: 1, count: 2 })).toBe(2);
    expect(done).toEqual(['first/1', 'second/1']);
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

  it('runs the probes that the suite lists, each under a key of its own, and shows what they measured', async () => {
    const keys: (string | null)[] = [];
    const local = localWorkers(examples);
    const workers = localWorkers(examples, {
      run: (task) => {
        keys.push(taskKey(task));
        return local.run(task);
      },
    });
    const evaluation = pairEvaluation(examples, { probes: ['gradients', 'larger-epsilon'] });
    const { draft } = await evaluate(evaluation, workers);
    expect(keys.slice(-2)).toEqual(['probe/gradients', 'probe/larger-epsilon']);
    // Of five that are right three fall at ε = 0.3, the one at 154 falls at 0.6, and 254 needs 1.2: all within the pixel range.
    expect(draft.probes).toMatchObject({
      repeats: { examples: 5, correctSpread: 0, logitDifference: 0 },
      'larger-epsilon': { examples: 5, once: 2 / 5, twice: 0, fourfold: 0, unbounded: 0 },
    });
    const silent = await evaluate(pairEvaluation(examples), localWorkers(examples));
    expect(Object.keys(silent.draft.probes ?? {})).toEqual([
      'repeats',
      'batch-composition',
      'call-order',
      'state',
      'clock',
      'tape',
      'small-changes',
    ]);
    expect(resultSchema.parse({ ...draft, run }).probes).toEqual(draft.probes);
  });

  it('has a digest that no clock changes', async () => {
    let now = 0;
    const ticking = localWorkers(examples, {
      run: (task) => perform(task, { classifier: brighter, pick: pickFrom(examples), now: () => (now += 500) }),
    });
    const one = await evaluate(pairEvaluation(examples), localWorkers(examples));
    const two = await evaluate(pairEvaluation(examples), ticking);
    expect(two.draft.attacks[0]?.seconds).toBeGreaterThan(0);
    expect(two.draft.digest).toBe(one.draft.digest);
  });
});
