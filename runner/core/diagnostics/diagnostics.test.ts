import { describe, expect, it } from 'vitest';
import { proportion } from '../metrics/proportion.ts';
import type { LineNumbers } from '../metrics/recount.ts';
import { untargeted } from '../suites/lines.ts';
import { resolveSuite } from '../suites/resolve.ts';
import { findTrack } from '../tracks.ts';
import type { Observations } from './diagnostic.ts';
import { diagnose } from './index.ts';

const suite = resolveSuite(
  {
    id: 'test',
    title: 'Test',
    description: '',
    attacks: {
      'mnist-linf-0.3': [untargeted('fgsm', 'fgsm'), untargeted('pgd', 'pgd'), untargeted('pgd-margin', 'pgd')],
    },
    examples: { count: 10, which: 'first' },
    chunk: 10,
    evidence: { images: 'examples', limit: 10 },
  },
  findTrack('mnist-linf-0.3'),
);

const numbersOf = (id: string, standing: number): LineNumbers => ({
  id,
  attempted: 10,
  robustAccuracy: proportion(standing, 10),
  successRate: proportion(10 - standing, 10),
  medianDistance: 0.3,
  pairs: null,
});

/** A run in which nothing is remarkable. */
const plain: Observations = {
  suite,
  numbers: {
    examples: 10,
    cleanAccuracy: proportion(10, 10),
    robustAccuracy: proportion(2, 10),
    pairs: null,
    curve: [],
    lines: [numbersOf('fgsm', 6), numbersOf('pgd', 3), numbersOf('pgd-margin', 2)],
  },
  lines: suite.lines.map((line) => ({ line, nonFinite: 0, rejected: 0, lost: 0, zeroGradientShare: 0.001 })),
  outcomes: [],
  right: [],
  probes: {},
  predictions: new Int32Array(10),
  probabilityRows: 1,
  unconfirmed: 0,
};

const flags = (changes: Partial<Observations>) => diagnose({ ...plain, ...changes });
const firstLine = (changes: object) => ({
  lines: plain.lines.map((line, i) => (i === 0 ? { ...line, ...changes } : line)),
});
const numbers = (changes: object) => ({ numbers: { ...plain.numbers, ...changes } });

describe('diagnostics', () => {
  it.each([
    ['batch-dependent', 'batch-composition', 2e-3, 5e-4],
    ['order-dependent', 'call-order', 2e-4, 5e-5],
    ['stateful', 'state', 2e-4, 5e-5],
    ['clock-dependent', 'clock', 2e-4, 5e-5],
    ['tape-dependent', 'tape', 2e-4, 5e-5],
  ])('flags %s by the probe %s, above rounding and chance', (id, probe, much, little) => {
    const raised = (logitDifference: number, repeatDifference: number) =>
      flags({ probes: { [probe]: { logitDifference, repeatDifference } } });
    expect(raised(much, 0)).toEqual([{ id, level: 'failure', message: expect.any(String), value: much }]);
    expect(raised(much, much / 2)).toEqual([]);
    expect(raised(little, 0)).toEqual([]);
  });

  it('say nothing of a run in which nothing is remarkable', () => expect(flags({})).toEqual([]));

  it.each([
    ['zero-gradients', firstLine({ zeroGradientShare: 0.4 }), 0.4],
    ['non-finite', firstLine({ nonFinite: 3 }), 3],
    ['rejected-images', firstLine({ rejected: 2 }), 2],
    ['silent-success', firstLine({ lost: 1 }), 0.1],
    ['softmax-output', { probabilityRows: 10 }, 1],
    ['randomised', { probes: { repeats: { correctSpread: 0, logitDifference: 2e-4 } } }, 2e-4],
    ['randomised', { probes: { repeats: { correctSpread: 0.1, logitDifference: 0 } } }, 0],
    ['gradients-in-forward-pass', { probes: { 'forward-gradients': { calls: 2 } } }, 2],
    ['zero-gradient-at-start', { probes: { gradients: { zeroAtStart: 0.01 } } }, 0.01],
    ['unavailable-gradients', { probes: { gradients: { zeroAtClean: 0.01 } } }, 0.01],
    ['float-underflow', { probes: { gradients: { underflow: 0.02 } } }, 0.02],
    ['unstable-loss', { probes: { 'loss-noise': { relativeChange: 0.2 } } }, 0.2],
    ['incomplete-optimisation', { probes: { 'optimisation-path': { examples: 10, improving: 0.2 } } }, 0.2],
    ['more-iterations-help', { probes: { 'more-iterations': { examples: 100, broken: 2 } } }, 0.02],
    ['more-restarts-help', { probes: { 'more-restarts': { examples: 100, broken: 2 } } }, 0.02],
    ['universal-beats-white-box', { probes: { universal: { examples: 100, broken: 2 } } }, 0.02],
    [
      'larger-epsilon-weaker',
      { probes: { 'larger-epsilon': { once: 0.5, twice: 0.75, fourfold: 0, unbounded: 0 } } },
      0.25,
    ],
    [
      'unbounded-attack-fails',
      { probes: { 'larger-epsilon': { once: 1, twice: 1, fourfold: 1, unbounded: 0.1 } } },
      0.1,
    ],
    ['active-test', { probes: { 'active-test': { planted: 20, found: 0.9 } } }, 0.9],
    ['memorised-images', { probes: { 'small-changes': { examples: 100, movedWrong: 0.31, noisyWrong: 0 } } }, 0.31],
    ['memorised-images', { probes: { 'small-changes': { examples: 10, movedWrong: 0, noisyWrong: 0.6 } } }, 0.6],
    ['unconfirmed', { unconfirmed: 1 }, 1],
    ['low-clean-accuracy', numbers({ cleanAccuracy: proportion(4, 10) }), 0.4],
    ['partial', numbers({ examples: 9 }), 9],
  ])('raise %s, alone, with its value', (id, changes, value) => {
    expect(flags(changes)).toEqual([expect.objectContaining({ id, value })]);
  });

  it('raise idle-draws where a suite averages over draws that hardly matter', () => {
    const overDraws = { ...suite, lines: suite.lines.map((line) => ({ ...line, options: { eotSamples: 4 } })) };
    const repeats = { correctSpread: 0, logitDifference: 5e-5, changed: 0, stepDifference: 1e-3 };
    const raised = (change: object, of: typeof suite = overDraws) =>
      flags({ suite: of, probes: { repeats: { ...repeats, ...change } } }).filter(({ id }) => id !== 'randomised');
    const flag = { id: 'idle-draws', level: 'warning', message: expect.stringContaining('too weak') };
    expect(raised({})).toEqual([{ ...flag, value: 5e-5 }]);
    expect(raised({ logitDifference: 1e-3 })).toEqual([{ ...flag, value: 1e-3 }]);
    expect(raised({ logitDifference: 1.1e-3 })).toEqual([]);
    expect(raised({ changed: 0.01 })).toEqual([]);
    // Measured before the probe looked at steps, or by attacks on one draw.
    expect(raised({ changed: undefined })).toEqual([]);
    expect(raised({}, suite)).toEqual([]);
  });

  it('leave a probe alone that found nothing remarkable, or nothing to measure', () => {
    const probes = {
      repeats: { correctSpread: 0, logitDifference: 1e-4 },
      'forward-gradients': { calls: 0 },
      gradients: { zeroAtStart: 0, zeroAtClean: 0, underflow: 0.009 },
      'loss-noise': { relativeChange: 0.1 },
      'optimisation-path': { examples: 100, improving: 0.1 },
      'more-iterations': { examples: 100, broken: 1 },
      'more-restarts': { examples: 100, broken: 1 },
      universal: { examples: 100, seen: 1, unseen: 1, broken: 1 },
      'larger-epsilon': { once: 0.5, twice: 0.51, fourfold: 0.1, unbounded: 0 },
      'active-test': { planted: 20, found: 0.95 },
      'small-changes': { examples: 100, movedWrong: 0.2, noisyWrong: 0.25 },
    };
    expect(flags({ probes })).toEqual([]);
    expect(flags({ probes: { 'active-test': { examples: 20, planted: 0 } } })).toEqual([]);
    const one = { 'optimisation-path': { examples: 4, improving: 0.25 }, 'more-restarts': { examples: 20, broken: 1 } };
    expect(flags({ probes: one })).toEqual([]);
  });

  it('raise one-step-beats-iterative only when one step breaks more than every attack of many', () => {
    const lines = [numbersOf('fgsm', 1), numbersOf('pgd', 3), numbersOf('pgd-margin', 2)];
    expect(flags(numbers({ lines }))).toEqual([
      expect.objectContaining({ id: 'one-step-beats-iterative', value: 0.1 }),
    ]);
    const beaten = [numbersOf('fgsm', 2), numbersOf('pgd', 3), numbersOf('pgd-margin', 2)];
    expect(flags(numbers({ lines: beaten }))).toEqual([]);
  });

  it('survive a suite without gradients, and no example', () => {
    const blind = plain.lines.map((line) => ({ ...line, zeroGradientShare: null }));
    expect(flags({ lines: blind })).toEqual([]);
    const none = { cleanAccuracy: proportion(0, 0), lines: [], examples: 0 };
    expect(
      flags({ ...numbers(none), lines: [], predictions: new Int32Array(), probabilityRows: 0 }).map(({ id }) => id),
    ).toEqual(['partial']);
  });
});
