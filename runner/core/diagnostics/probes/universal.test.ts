/** Universal perturbations of a linear model with one boundary: the best is ε · sign of its normal (L∞), or ε along it (L2). */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { gradientKiller } from '../../testing/broken-defenses.ts';
import { randomLinear } from '../../testing/classifiers.ts';
import { randomImages } from '../../testing/images.ts';
import { linearClass, linearLogits, linearWorstMarginLinf, marginWeights } from '../../testing/oracles.ts';
import type { ProbeContext } from './probe.ts';
import { universal } from './universal.ts';
import {
  brokenBy,
  type UniversalNorm,
  type UniversalSearch,
  universalLosses,
  universalPerturbation,
} from './universal-perturbation.ts';

beforeAll(() => tf.setBackend('cpu'));

const model = randomLinear(2, 5);
const EPSILON = { Linf: 0.05, L2: 0.2 } as const;
/** No image comes within ε of black or white. */
const { x, size } = randomImages(60, model.inputShape, 8, 0.4);
const image = (row: number) => x.slice(row * size, (row + 1) * size);
const y = Int32Array.from({ length: 60 }, (_, row) => linearClass(model, image(row)));
const normal = marginWeights(model, 0, 1);
const along = { Linf: normal.map(Math.sign), L2: normal.map((w) => w / Math.hypot(...normal)) };
const rowsOf = (label: number) => [...y.keys()].filter((row) => y[row] === label);
const images = (rows: readonly number[]) => Float32Array.from(rows.flatMap((row) => [...image(row)]));
const labels = (rows: readonly number[]) => Int32Array.from(rows, (row) => y[row] as number);

function search(norm: UniversalNorm, rows: readonly number[], changes: Partial<UniversalSearch> = {}): UniversalSearch {
  const epsilon = EPSILON[norm];
  return { classifier: model, x: images(rows), y: labels(rows), norm, epsilon, seed: 1, loss: 'count', ...changes };
}

/** How many of the rows the change sign · ε · (the direction along the normal) breaks. */
function expected(norm: UniversalNorm, rows: readonly number[], sign: number): number {
  const gain = along[norm].reduce((sum, d, i) => sum + d * (normal[i] as number), 0) * EPSILON[norm];
  return rows.filter((row) => {
    const z = linearLogits(model, image(row));
    const difference = (z[0] as number) - (z[1] as number) + sign * gain;
    return y[row] === 0 ? difference <= 0 : difference >= 0;
  }).length;
}

describe.each(['Linf', 'L2'] as const)('the universal perturbation, %s', (norm) => {
  it.each(universalLosses)('of images of one class is the closed form, by %s', async (loss) => {
    for (const label of [0, 1]) {
      const rows = rowsOf(label);
      const { delta, broken } = await universalPerturbation(search(norm, rows, { loss }));
      const sign = label === 0 ? -1 : 1;
      for (const [i, value] of delta.entries())
        expect(value).toBeCloseTo(sign * EPSILON[norm] * (along[norm][i] as number), 5);
      expect(broken).toBe(expected(norm, rows, sign));
      expect(broken).toBeGreaterThan(0);
      expect(broken).toBeLessThan(rows.length);
    }
  });

  it.each(universalLosses)('of both classes chooses the side that more images fall to, by %s', async (loss) => {
    const rows = [...y.keys()];
    const { broken } = await universalPerturbation(search(norm, rows, { loss }));
    expect(broken).toBe(Math.max(expected(norm, rows, -1), expected(norm, rows, 1)));
  });

  it('stays in the ball, breaks what it says, and is the same for the same seed', async () => {
    const request = search(norm, [...y.keys()]);
    const { delta, broken } = await universalPerturbation(request);
    const length = norm === 'Linf' ? Math.max(...delta.map(Math.abs)) : Math.hypot(...delta);
    expect(length).toBeLessThanOrEqual(EPSILON[norm] * (1 + 1e-6));
    expect((await brokenBy(request, delta)).filter(Boolean)).toHaveLength(broken);
    expect(await universalPerturbation(request)).toEqual({ delta, broken });
  });
});

it('breaks of one class just what the worst case in the L∞ ball does', async () => {
  const rows = rowsOf(0);
  const request = search('Linf', rows);
  const { delta } = await universalPerturbation(request);
  const worst = rows.map((row) => Number(linearWorstMarginLinf(model, image(row), 0, EPSILON.Linf) <= 0));
  expect([...(await brokenBy(request, delta))]).toEqual(worst);
});

it('gives values that cannot move no say', async () => {
  // Of the values that would have to darken, the first is black throughout.
  const rows = rowsOf(0);
  const darkens = [...normal.keys()].filter((i) => (normal[i] as number) > 0);
  const dark = images(rows);
  for (let row = 0; row < rows.length; row++) dark[row * size + (darkens[0] as number)] = 0;
  const { delta } = await universalPerturbation(search('Linf', rows, { x: dark }));
  expect(delta[darkens[0] as number]).toBe(0);
  expect(delta[darkens[1] as number]).toBeCloseTo(-EPSILON.Linf, 5);
});

describe('the probe', () => {
  const context = (changes: Partial<ProbeContext> = {}): ProbeContext => ({
    classifier: model,
    x,
    y,
    examples: Int32Array.from(y.keys()),
    standing: new Uint8Array(y.length).fill(1),
    norm: 'Linf',
    epsilon: EPSILON.Linf,
    seed: 1,
    line: null,
    ...changes,
  });

  it('measures what falls of the images that were not looked at, and what stood', async () => {
    const all = [...y.keys()];
    const [seen, unseen] = [0, 1].map((parity) => all.filter((row) => row % 2 === parity)) as [number[], number[]];
    const side = expected('Linf', seen, -1) > expected('Linf', seen, 1) ? -1 : 1;
    const reading = await universal.measure(context());
    expect(reading).toEqual({
      examples: 60,
      seen: expected('Linf', seen, side) / 30,
      unseen: expected('Linf', unseen, side) / 30,
      broken: expected('Linf', all, side),
    });
    expect(await universal.measure(context({ standing: new Uint8Array(60) }))).toEqual({ ...reading, broken: 0 });
  });

  it('finds nothing where gradients are hidden, and is not made for every norm', async () => {
    const hidden = { examples: 60, seen: 0, unseen: 0, broken: 0 };
    expect(await universal.measure(context({ classifier: gradientKiller(model) }))).toEqual(hidden);
    expect(await universal.measure(context({ norm: 'L1' }))).toBeNull();
  });
});
