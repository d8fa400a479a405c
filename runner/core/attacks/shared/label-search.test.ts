import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { onePixel, radial } from '../../testing/classifiers.ts';
import type { Attack } from '../attack.ts';
import { runAttack } from '../run.ts';
import { towardsBoundary } from './boundary-search.ts';
import { type Asking, type LabelBudget, type Searched, SLICE, searchByLabels } from './label-search.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const SIZE = 16;

/** An attack that is no more than a search. */
function attackOf(budget: LabelBudget, search: (searched: Searched) => Asking<void>): Attack {
  return {
    id: 'search',
    name: 'Search',
    norms: ['L2', 'Linf'],
    kind: 'minimum-norm',
    access: 'labels',
    targeted: 'never',
    paper: '',
    optionsSchema: z.strictObject({}),
    perturb: (context) => searchByLabels(context, budget, search),
  };
}

/** Runs it on grey images of class 0, where class 1 lies outside a sphere of radius 0.4. */
function run(attack: Attack, changes: Partial<Parameters<typeof runAttack>[0]> = {}) {
  const examples = Int32Array.from({ length: 5 }, (_, i) => i);
  return runAttack({
    attack,
    options: {},
    classifier: radial(0.4),
    x: new Float32Array(5 * SIZE).fill(0.5),
    y: new Int32Array(5),
    target: null,
    examples,
    norm: 'L2',
    epsilon: Number.POSITIVE_INFINITY,
    seed: 1,
    stream: '',
    ...changes,
  });
}

/** Grey with one value changed: at distance `by` in L2 and L∞. */
const changed = (by: number) => Float32Array.from({ length: SIZE }, (_, i) => (i === 3 ? 0.5 + by : 0.5));

describe('what a search may ask', () => {
  function* forever(): Asking<void> {
    for (;;) yield new Float32Array(7 * SIZE).fill(0.5);
  }

  test.each([
    [1, false],
    [100, false],
    [7, true],
    [8, true],
    [100, true],
  ])('is %s images and no more, minimal: %s', async (queries, minimal) => {
    const outcome = await run(attackOf({ queries, minimal }, forever));
    // The judge asks twice for each; nothing was found, so the query that is kept for the end is not spent.
    expect(outcome.forwardCalls).toBe(5 * (queries - Number(minimal) + 2));
    expect([...outcome.success]).toEqual([0, 0, 0, 0, 0]);
  });

  test('is spent to the last where something was found', async () => {
    function* found(): Asking<void> {
      for (;;) yield changed(0.45);
    }
    const outcome = await run(attackOf({ queries: 10, minimal: true }, found));
    expect(outcome.forwardCalls).toBe(5 * 12);
  });

  test('may be nothing', async () => {
    function* silent(): Asking<void> {}
    const outcome = await run(attackOf({ queries: 10, minimal: true }, silent));
    expect(outcome.forwardCalls).toBe(5 * 2);
  });
});

test('answers come in order, and to the search that asked', async () => {
  const answers: number[][] = [[], [], [], [], []];
  let started = 0;
  function* search({ left }: Searched): Asking<void> {
    const own = started++;
    for (let count = 1; left() > 0; count = Math.min(SLICE, count * 3)) {
      const images = new Float32Array(count * SIZE).fill(0.5);
      for (let i = 0; i < count; i++) if ((i + own) % 3 === 0) images.set(changed(0.45), i * SIZE);
      const answer = yield images;
      answers[own]?.push(...Array.from(answer, (adversarial, i) => adversarial - Number((i + own) % 3 === 0)));
    }
  }
  await run(attackOf({ queries: 200, minimal: false }, search));
  for (const wrong of answers) {
    expect(wrong.length).toBeGreaterThan(100);
    expect(wrong.every((difference) => difference === 0)).toBe(true);
  }
});

describe('what comes back', () => {
  function* wander(): Asking<void> {
    for (const by of [0.3, 0.48, 0.44, 0.42, 0.2, 0.45]) yield changed(by);
  }

  test.each(['L2', 'Linf'] as const)('is the nearest adversarial image that was asked about, %s', async (norm) => {
    const { distance, success } = await run(attackOf({ queries: 100, minimal: false }, wander), { norm });
    expect([...success]).toEqual([1, 1, 1, 1, 1]);
    for (const d of distance) expect(d).toBeCloseTo(0.42, 6);
  });

  test('clears the boundary by a ten-thousandth where distance matters', async () => {
    const { distance } = await run(attackOf({ queries: 100, minimal: true }, wander));
    for (const d of distance) expect(d / 0.42).toBeCloseTo(1.0001, 6);
  });

  test('does not leave the ball for it', async () => {
    const near = await run(attackOf({ queries: 100, minimal: true }, wander), { epsilon: 0.42001 });
    expect([...near.success]).toEqual([1, 1, 1, 1, 1]);
    for (const d of near.distance) expect(d).toBeLessThanOrEqual(0.42001 * (1 + 1e-6));
  });
});

describe('the binary search', () => {
  test('ends within its tolerance of the boundary, on the adversarial side', async () => {
    function* search({ x }: Searched): Asking<void> {
      const end = yield* towardsBoundary(x, changed(-0.5).fill(1, 0, 3), 'L2', 1e-3);
      yield end;
    }
    const { distance } = await run(attackOf({ queries: 100, minimal: false }, search));
    for (const d of distance) {
      expect(d).toBeGreaterThan(0.4);
      expect(d).toBeLessThan(0.4 + 1e-3);
    }
  });

  test('in L∞ shrinks only what is too large', async () => {
    const far = changed(0.02);
    far[0] = 0.9;
    function* search({ x }: Searched): Asking<void> {
      yield* towardsBoundary(x, far, 'Linf', 1e-4);
    }
    const x = new Float32Array(5 * SIZE).fill(0.4);
    const { xAdv } = await run(attackOf({ queries: 100, minimal: false }, search), {
      classifier: onePixel(0),
      norm: 'Linf',
      x,
    });
    expect(xAdv[0]).toBeGreaterThan(0.5);
    expect(xAdv[0]).toBeLessThan(0.5002);
    // 0.52 is 0.12 away, more than the 0.1 that is left.
    expect(xAdv[3]).toBeCloseTo(xAdv[0] as number, 5);
    expect(xAdv[4]).toBeCloseTo(0.5, 5);
  });
});
