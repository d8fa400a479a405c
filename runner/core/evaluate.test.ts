import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Examples } from './datasets/dataset.ts';
import { type Evaluation, evaluate, type Workers } from './evaluate.ts';
import { classify, perform } from './evaluation/perform.ts';
import type { OutcomeOf, Task } from './evaluation/tasks.ts';
import { decodeEvidence } from './evidence/file.ts';
import type { Classifier } from './models/classifier.ts';
import { resultDigest, resultSchema } from './result.ts';
import { resolveSuite } from './suites/resolve.ts';
import type { Suite } from './suites/suite.ts';
import { findTrack } from './tracks.ts';

beforeAll(() => tf.setBackend('cpu'));

/**
 * Two pixels, class 0 where the first is brighter than the second: L∞ distance to the other class is half the difference.
 * Logits are scaled so that nothing is near a tie by rounding.
 */
const brighter: Classifier = {
  inputShape: [1, 2, 1],
  classes: 2,
  logits: (x) => tf.mul(tf.reshape(x, [-1, 2]), 10) as tf.Tensor2D,
  dispose: () => {},
};

/** Differences in bytes, of class 0: broken at ε = 0.3 (76.5) when below 153; a negative one is wrong from the start. */
function pixelPairs(differences: readonly number[]): Examples {
  const x = Float32Array.from(
    differences.flatMap((d) => [(128 + Math.ceil(d / 2)) / 255, (128 - Math.floor(d / 2)) / 255]),
  );
  return { x, y: new Int32Array(differences.length), count: differences.length };
}

const suite: Suite = {
  id: 'test',
  title: 'Test',
  description: 'One step.',
  attacks: {
    'mnist-linf-0.3': [{ id: 'fgsm', attack: 'fgsm', options: {}, targets: 'untargeted', ball: 'track' }],
  },
  examples: { count: 6, which: 'first' },
  chunk: 2,
  evidence: { images: 'examples', limit: 6 },
};

function evaluation(examples: Examples, changes: Partial<Suite> = {}): Evaluation {
  return {
    submission: { id: 'Brighter', digest: '0'.repeat(64) },
    suite: resolveSuite({ ...suite, ...changes }, findTrack('mnist-linf-0.3')),
    count: 6,
    seed: 1,
    dataset: { id: 'pairs', split: 'test', digest: '1'.repeat(64) },
    examples,
    classes: 2,
    backend: { name: 'wasm', device: 'test', versions: {}, precision: 'float32', denormals: 'kept', threads: 1 },
    code: { commit: 'unknown', lockfileDigest: '2'.repeat(64) },
    evidenceFile: 'Brighter.examples.safetensors',
  };
}

function workers(examples: Examples, changes: Partial<Workers> = {}): Workers {
  const bench = { classifier: brighter, examples, now: () => 0 };
  return {
    run: <T extends Task>(task: T): Promise<OutcomeOf<T>> => perform(task, bench),
    confirm: (x) => classify(brighter, x),
    confirmedBy: 'cpu',
    ...changes,
  };
}

const examples = pixelPairs([10, 100, 152, 154, -10, 254]);
const run = { date: '2026-01-01T00:00:00Z', seconds: 1, host: 'here', peakMemoryBytes: 1 };

describe('evaluate', () => {
  it('gives the closed-form answer of a linear model', async () => {
    const { draft } = await evaluate(evaluation(examples), workers(examples));
    expect(draft.cleanAccuracy.value).toBe(5 / 6);
    expect(draft.robustAccuracy.value).toBe(2 / 6);
    expect(draft.attacks[0]).toMatchObject({ attempted: 6, successRate: { value: 3 / 5 } });
    expect(draft.curve.find(({ epsilon }) => epsilon === 0.3)?.robustAccuracy).toBe(2 / 6);
    expect(draft.curve[0]).toEqual({ epsilon: 0, robustAccuracy: 5 / 6 });
    expect(draft.evidence.verified).toBe(3);
    expect(resultSchema.parse({ ...draft, run }).digest).toBe(resultDigest(draft));
  });

  it('keeps one image on the 8-bit grid per broken example, within the ball', async () => {
    const { evidence } = await evaluate(evaluation(examples), workers(examples));
    const { suite: resolved } = evaluation(examples);
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
    const blind = workers(examples, {
      confirm: async (x) => {
        asked += x.length / 2;
        return Float32Array.from({ length: x.length }, (_, i) => (i % 2 === 0 ? 1 : 0));
      },
    });
    const { draft } = await evaluate(evaluation(examples), blind);
    expect(asked).toBeGreaterThanOrEqual(3);
    expect(draft.robustAccuracy.value).toBe(5 / 6);
    expect(draft.attacks[0]?.successRate.value).toBe(0);
    expect(draft.evidence.verified).toBe(0);
    expect(draft.flags.find(({ id }) => id === 'unconfirmed')?.value).toBe(3);
  });

  it('scans everything and attacks only what is right where the suite says so', async () => {
    const changes: Partial<Suite> = { examples: { count: 5, which: 'first-correct' } };
    const { draft } = await evaluate(evaluation(examples, changes), workers(examples));
    expect(draft.examples).toBe(5);
    expect(draft.cleanAccuracy.value).toBe(5 / 6);
    expect(draft.robustAccuracy.value).toBe(2 / 5);
  });

  it('refuses a model whose clean logits are not finite, and names the first image', async () => {
    const broken = { ...examples, x: examples.x.slice() };
    broken.x[5] = Number.NaN;
    await expect(evaluate(evaluation(broken), workers(broken))).rejects.toThrow(/1 of 6 clean images.* number 2/);
  });

  it('flags what a person should know: few examples, low accuracy', async () => {
    const wrong = pixelPairs([-10, -20, 30]);
    const { draft } = await evaluate(evaluation(wrong), workers(wrong));
    expect(draft.flags.map(({ id }) => id)).toEqual(['low-clean-accuracy', 'partial']);
  });

  it('has a digest that no clock changes', async () => {
    let now = 0;
    const ticking = workers(examples, {
      run: (task) => perform(task, { classifier: brighter, examples, now: () => (now += 500) }),
    });
    const one = await evaluate(evaluation(examples), workers(examples));
    const two = await evaluate(evaluation(examples), ticking);
    expect(two.draft.attacks[0]?.seconds).toBeGreaterThan(0);
    expect(two.draft.digest).toBe(one.draft.digest);
  });
});
