/** What holds of every attack that seeks the nearest image by labels alone. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { constant, randomLinear } from '../testing/classifiers.ts';
import { randomImages } from '../testing/images.ts';
import { linearClass } from '../testing/oracles.ts';
import type { Attack } from './attack.ts';
import { boundary } from './boundary.ts';
import { geoda } from './geoda.ts';
import { hopSkipJump } from './hop-skip-jump.ts';
import { type AttackRequest, runAttack } from './run.ts';
import { adversarialStart } from './shared/adversarial-start.ts';
import { searchByLabels } from './shared/label-search.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const model = randomLinear(4, 6, [8, 8, 1]);
const { x, examples, size } = randomImages(6, model.inputShape, 12, 0.4);
const y = Int32Array.from(examples, (row) => linearClass(model, x.slice(row * size, (row + 1) * size)));

function run(attack: Attack, changes: Partial<AttackRequest> = {}) {
  const threat = { target: null, norm: 'L2', epsilon: Number.POSITIVE_INFINITY, seed: 4, stream: '' } as const;
  return runAttack({ attack, options: {}, classifier: model, x, y, examples, ...threat, ...changes });
}

/** Share of its queries that an attack is sure to use. */
const shares: Record<string, number> = { 'hop-skip-jump': 0.95, boundary: 0.99, geoda: 0.75 };

const cases = [hopSkipJump, boundary, geoda].flatMap((attack) =>
  attack.norms.map((norm) => [attack.id, norm, attack as Attack] as const),
);

describe.each(cases)('%s in %s', (_id, norm, attack) => {
  const queries = 400;

  test('spends its queries to the last and not one more', async () => {
    const { forwardCalls, success } = await run(attack, { norm, options: { queries } });
    expect([...success]).toEqual(Array(6).fill(1));
    // The judge asks about each image twice. A last estimate that would leave nothing for the way back is not begun.
    expect(forwardCalls).toBeLessThanOrEqual(6 * (queries + 2));
    expect(forwardCalls).toBeGreaterThan(6 * (shares[attack.id] as number) * queries);
    if (attack.id === 'boundary') expect(forwardCalls).toBe(6 * (queries + 2));
  });

  test('ends no farther away than it started, and nearer with more queries', async () => {
    /** Nothing but the start, from the same draws. */
    const only: Attack = {
      ...attack,
      perturb: (context) =>
        searchByLabels(context, { queries: 1000, minimal: true }, function* (searched) {
          yield* adversarialStart(searched, 1000);
        }),
    };
    const start = await run(only, { norm });
    const few = await run(attack, { norm, options: { queries: 100 } });
    const many = await run(attack, { norm, options: { queries: 1000 } });
    let nearer = 0;
    for (const row of examples) {
      const [from, first, last] = [start, few, many].map(({ distance }) => distance[row] as number) as Three;
      expect(first).toBeLessThanOrEqual(from * (1 + 1e-4));
      expect(last).toBeLessThanOrEqual(first * (1 + 1e-3));
      if (last < 0.9 * first) nearer++;
    }
    expect(nearer).toBeGreaterThan(2);
  });

  test('in a ball returns the same images, of which those in the ball count', async () => {
    const free = await run(attack, { norm, options: { queries } });
    const sorted = [...free.distance].sort((a, b) => a - b);
    const epsilon = ((sorted[2] as number) + (sorted[3] as number)) / 2;
    const bound = await run(attack, { norm, epsilon, options: { queries } });
    expect([...bound.success]).toEqual([...free.distance].map((distance) => Number(distance < epsilon)));
    for (const row of examples) {
      if (bound.success[row] === 1)
        expect(bound.xAdv.slice(row * size, (row + 1) * size)).toEqual(free.xAdv.slice(row * size, (row + 1) * size));
    }
  });

  test('gives up where no noise is adversarial, after the trials that it may spend', async () => {
    const alone = { ...constant(4), inputShape: model.inputShape };
    const { success, xAdv, forwardCalls } = await run(attack, {
      norm,
      classifier: alone,
      y: new Int32Array(6),
      options: { queries, startTrials: 77 },
    });
    expect([...success].some(Boolean)).toBe(false);
    expect(xAdv).toEqual(x);
    expect(forwardCalls).toBe(6 * (77 + 2));
  });
});

type Three = [number, number, number];
