import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { linear, scaled, smallNet } from '../testing/classifiers.ts';
import { correlation, mean, median, quotient, rounded, share } from './estimate.ts';
import type { Experiment, ExperimentFigure } from './experiment.ts';
import { averaged } from './goodfellow2015/ensemble.ts';
import { claims } from './index.ts';
import { judgeExperiment } from './judge.ts';
import { judge, judgedIn, stored, wrong } from './judged.ts';
import { oneStep } from './one-step.ts';
import { outcomesFile, outcomesOf, values } from './outcomes-file.ts';
import { logAmplitude } from './papernot2016/amplitude.ts';
import { drawnTargets } from './szegedy2014/examples.ts';
import { experimentVerdict, overall } from './verdict.ts';
import { seen } from './view.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const noPause = async () => {};

describe.each(claims.flatMap((claim) => claim.experiments.map((experiment) => ({ claim: claim.id, experiment }))))(
  '$claim/$experiment.id',
  ({ experiment }) => {
    it('names nets, steps and figures apart', () => {
      for (const named of [experiment.nets, experiment.steps, experiment.figures])
        expect(new Set(named.map(({ id }) => id)).size).toBe(named.length);
    });

    it('has a figure for every cell of its matrix', () => {
      const { rows, columns, figure } = experiment.matrix ?? { rows: [], columns: [], figure: String };
      for (const row of rows)
        for (const column of columns)
          expect(experiment.figures.map(({ id }) => id)).toContain(figure(row.id, column.id));
    });

    it('has recipes that their methods take', () => {
      for (const net of experiment.nets)
        if ('method' in net) expect(net.method.optionsSchema.safeParse(net.options).error).toBeUndefined();
    });

    it('prints what its numbers are, and is not measured without outcomes', () => {
      for (const { theirs, printed } of experiment.figures) {
        if (theirs === null) continue;
        expect(Number(printed) / (theirs.unit === 'share' ? 100 : 1)).toBeCloseTo(theirs.value, 3);
        if (theirs.unit === 'share') expect(theirs.low).toBeGreaterThanOrEqual(0);
      }
      expect(judgeExperiment(experiment, null).every(({ verdict }) => verdict === 'not measured')).toBe(true);
    });
  },
);

describe('estimates', () => {
  it('are of what was counted', () => {
    expect(share(894, 1000)).toMatchObject({ value: 0.894, unit: 'share' });
    // s = 1, n = 3: half-width 1.96 / √3.
    expect(mean([1, 2, 3], 'number')).toMatchObject({ value: 2, low: 2 - 1.959963984540054 / Math.sqrt(3) });
    expect(mean([4], 'number')).toEqual({ value: 4, low: 4, high: 4, unit: 'number' });
    // 10 ± 10 % by 5 ± 10 %: 2 ± √2 · 10 %.
    const off = (value: number) => ({ value, low: 0.9 * value, high: 1.1 * value, unit: 'number' }) as const;
    expect(quotient(off(10), off(5)).high).toBeCloseTo(2 + 0.2 * Math.SQRT2, 12);
    expect(rounded('0.1', 'number')).toMatchObject({ low: 0.05, high: 0.15000000000000002 });
    expect(rounded('0', 'share')).toEqual({ value: 0, low: 0, high: 0.005, unit: 'share' });
  });

  it('take the interval of a correlation from its artanh', () => {
    // r = 0.6 of four points: artanh 0.6 = ln 2, and √(4 − 3) = 1.
    const { value, low, high } = correlation([1, 2, 3, 4], [2, 1, 4, 3]);
    expect(value).toBeCloseTo(0.6, 12);
    expect(low).toBeCloseTo(Math.tanh(Math.LN2 - 1.959963984540054), 12);
    expect(high).toBeCloseTo(Math.tanh(Math.LN2 + 1.959963984540054), 12);
  });

  it('take the interval of a median from the order of the values', () => {
    const ascending = Array.from({ length: 100 }, (_, i) => i);
    // Ranks 50 ∓ 9.8: the values 40 and 59.
    expect(median(ascending.toReversed(), 'number')).toEqual({ value: 49.5, low: 40, high: 59, unit: 'number' });
  });
});

it('a gap is told where ours differs, with numbers of the outcomes', () => {
  const figure: ExperimentFigure = {
    id: 'f',
    title: '',
    theirs: share(894, 1000),
    stands: { low: 0.5, words: 'most' },
    ours: (outcomes) => share(values(outcomes, 'a.right')[0] as number, 1000),
    gap: (outcomes) => `${values(outcomes, 'a.right')} of 1000`,
  };
  const [experiment] = claims.flatMap((claim) => claim.experiments);
  const judged = (right: number) => {
    const outcomes = { 'a.right': { shape: [1], data: Int32Array.of(right) } };
    return judgeExperiment({ ...(experiment as Experiment), figures: [figure] }, outcomes)[0]?.gap;
  };
  expect(judged(700)).toBe('700 of 1000');
  expect(judged(890)).toBeNull();
});

describe('verdicts of experiments', () => {
  const figure = (theirs: ExperimentFigure['theirs']) => ({ theirs, stands: { low: 0.5, words: 'most' } });

  it.each([
    ['intervals meet', share(894, 1000), share(880, 1000), 'reproduced'],
    ['only the conclusion stands', share(894, 1000), share(700, 1000), 'partly'],
    ['nothing does', share(894, 1000), share(300, 1000), 'not'],
    ['it is said in words and stands', null, share(700, 1000), 'reproduced'],
    ['it is said in words and does not', null, share(300, 1000), 'not'],
    ['there is nothing', share(894, 1000), null, 'not measured'],
  ] as const)('%s', (_, theirs, ours, expected) => {
    expect(experimentVerdict(figure(theirs), ours)).toBe(expected);
  });

  it.each([
    [[], 'not measured'],
    [['not measured'], 'not measured'],
    [['reproduced', 'not measured'], 'reproduced'],
    [['reproduced', 'partly'], 'partly'],
    [['not', 'not'], 'not'],
    [['reproduced', 'broken later'], 'broken later'],
  ] as const)('of a paper: %j is %s', (verdicts, expected) => {
    expect(overall(verdicts)).toBe(expected);
  });
});

describe('views', () => {
  const x = Float32Array.from({ length: 3 * 16 }, (_, i) => i);
  const all = { x, y: Int32Array.of(3, 5, 7), count: 3 };

  it('shrink an image to the means of its squares', () => {
    expect([...seen(all, 4, { side: 2 }).x.slice(0, 4)]).toEqual([2.5, 4.5, 10.5, 12.5]);
    expect(() => seen(all, 4, { side: 3 })).toThrow(RangeError);
  });

  it('keep classes and number them anew', () => {
    const { y, count, x: kept } = seen(all, 4, { classes: [7, 3] });
    expect([[...y], count, kept[0], kept[16]]).toEqual([[1, 0], 2, 0, 32]);
  });

  it('keep a stretch of the file', () => {
    const { y, x: kept } = seen(all, 4, { range: [1, 3] });
    expect([[...y], kept.length, kept[0]]).toEqual([[5, 7], 32, 16]);
  });

  it('leave a whole data set as it is', () => {
    expect(seen(all, 4).x).toBe(x);
  });
});

describe('one step', () => {
  // Two classes, class 1 likes every one of the 16 pixels: a step for class 0 takes ε off or adds it everywhere.
  const weights = Float32Array.from({ length: 32 }, (_, i) => (i % 2 === 1 ? 1 : 0));
  const net = linear(weights, Float32Array.of(1, 0));
  const dark = { x: new Float32Array(16).fill(0.02), y: Int32Array.of(0), count: 1 };

  it('leaves the pixel range unless it is clipped', async () => {
    const bright = { x: new Float32Array(16).fill(0.9), y: Int32Array.of(1), count: 1 };
    const step = (examples: typeof dark, clip: boolean) => oneStep(net, examples, 0.25, clip, noPause);
    expect((await step(dark, false))[0]).toBeCloseTo(0.27, 6);
    expect((await step(bright, false))[5]).toBeCloseTo(0.65, 6);
    const opposite = { x: new Float32Array(16).fill(0.2), y: Int32Array.of(1), count: 1 };
    expect((await step(opposite, false))[0]).toBeCloseTo(-0.05, 6);
    expect((await step(opposite, true))[0]).toBe(0);
  });

  it('is judged with the confidence of the class that wins', async () => {
    const said = await judge(net, await oneStep(net, dark, 0.25, true, noPause), noPause);
    const { predicted, confidence } = judgedIn(stored('a', said), 'a');
    const lead = 16 * 0.27 - 1;
    expect(wrong(predicted, dark.y)).toEqual([0]);
    expect(confidence[0]).toBeCloseTo(1 / (1 + Math.exp(-lead)), 4);
  });

  it('gives a tie no class', async () => {
    const tied = linear(weights, Float32Array.of(0, 0));
    expect((await judge(tied, new Float32Array(16), noPause)).predicted[0]).toBe(255);
  });
});

it('an ensemble is the mean of probabilities', async () => {
  const [a, b] = [smallNet(), scaled(smallNet(), 3)];
  const x = tf.fill([1, 8, 8, 1], 0.3) as tf.Tensor4D;
  const both = [a, b].map((net) => tf.softmax(net.logits(x)).dataSync());
  const mean = tf.softmax(averaged([a, b]).logits(x)).dataSync();
  for (const c of mean.keys())
    expect(mean[c]).toBeCloseTo((both[0]?.[c] as number) / 2 + (both[1]?.[c] as number) / 2, 6);
});

describe('amplitude of the probabilities’ gradient', () => {
  const slopes = [
    [1, -2],
    [0.5, 3],
    [-1, 0],
  ];
  /** By the definition, in float64. */
  const direct = (z: readonly number[]) => {
    const total = z.reduce((sum, value) => sum + Math.exp(value), 0);
    const p = z.map((value) => Math.exp(value) / total);
    let sum = 0;
    for (const i of [0, 1]) {
      const pull = p.reduce((all, pk, k) => all + pk * (slopes[k]?.[i] as number), 0);
      for (const [c, pc] of p.entries()) sum += Math.abs(pc * ((slopes[c]?.[i] as number) - pull));
    }
    return Math.log10(sum / 6);
  };

  it.each([[[0.3, 1, -2]], [[5, 1, 2]], [[0, 0, 0]]])('is that of its definition at logits %j', (z) => {
    expect(logAmplitude(z, slopes)).toBeCloseTo(direct(z), 10);
  });

  it('keeps its size where probabilities are 0 and 1 in any float', () => {
    // Only the runner-up counts: e^−3000 · (|∂z₁ − ∂z₀|, twice).
    expect(logAmplitude([3000, 0, -3000], slopes)).toBeCloseTo(-3000 / Math.LN10 + Math.log10((2 * (0.5 + 5)) / 6), 9);
  });
});

it('targets are wrong classes, every one of them', () => {
  const y = new Int32Array(2000).fill(4);
  const targets = drawnTargets(y, 0);
  expect([...new Set(targets)].sort()).toEqual([0, 1, 2, 3, 5, 6, 7, 8, 9]);
});

describe('a file of outcomes', () => {
  const sha = 'a'.repeat(64);
  const provenance = {
    code: { commit: 'unknown', lockfileDigest: sha },
    backend: { name: 'wasm', device: 'x', versions: {}, precision: 'float32', denormals: 'kept', threads: 1 },
    dataset: { id: 'mnist', train: sha, test: sha },
    seed: 0,
    nets: { softmax: sha },
  } as const;
  const bytes = outcomesFile('p', 'e', { 'a.y': { shape: [2], data: Uint8Array.of(1, 2) } }, provenance);

  it('gives back what went in', () => {
    const { outcomes, provenance: back } = outcomesOf(bytes, 'p', 'e');
    expect([...values(outcomes, 'a.y')]).toEqual([1, 2]);
    expect(() => values(outcomes, 'a.z')).toThrow(/'a.z' is missing/);
    expect(back).toEqual(provenance);
  });

  it('is refused as that of another experiment', () => {
    expect(() => outcomesOf(bytes, 'p', 'other')).toThrow(/the file says it is parapet-claim-1, p, e/);
  });
});
