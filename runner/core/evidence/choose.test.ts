import { describe, expect, it } from 'vitest';
import { type Candidate, type Claim, type Classify, chooseEvidence } from './choose.ts';

/** One pixel; class 1 above a threshold, class 0 at it or below. */
const above =
  (threshold: number): Classify =>
  async (x) =>
    Float32Array.from([...x].flatMap((value) => (value > threshold ? [0, 1] : [1, 0])));

const x = Float32Array.of(0.4);
const candidate = (value: number, row = 0): Candidate => ({
  line: 0,
  row,
  pixels: Float32Array.of(value),
  distance: value - 0.4,
});
const claim = (...values: number[]): Claim => ({ x, y: 0, target: null, candidates: values.map(candidate) });
const ball = { norm: 'Linf' as const, epsilon: () => 0.3 };

async function choose(claims: Claim[], evaluating: number, independent: number, epsilon = 0.3) {
  const judges = { evaluating: above(evaluating), independent: above(independent), classes: 2 };
  return chooseEvidence(claims, judges, { ...ball, epsilon: () => epsilon });
}

describe('chooseEvidence', () => {
  it('takes the image rounded towards x where it still succeeds', async () => {
    const [shown] = await choose([claim(0.6)], 0.5, 0.5);
    expect(shown?.chosen?.pixels[0]).toBe(Math.fround(Math.floor(0.6 * 255) / 255));
    expect(shown).toMatchObject({ rejected: [], outside: 0 });
  });

  it.each([
    ['the evaluating backend', 0.5999, 0.5],
    ['the independent one', 0.5, 0.5999],
  ])('takes the image as it is where %s does not let the rounded one pass', async (_, evaluating, independent) => {
    const [shown] = await choose([claim(0.6)], evaluating, independent);
    expect(shown?.chosen?.pixels[0]).toBe(Math.fround(0.6));
    expect(shown?.rejected).toEqual([]);
  });

  it('takes it in steps, a little farther out, where it stands at the boundary itself', async () => {
    const [shown] = await choose([claim(0.5001)], 0.5001, 0.5001);
    const { chosen } = shown ?? {};
    expect(chosen?.stepped).toBeDefined();
    expect(chosen?.pixels[0]).toBeGreaterThan(0.5001);
    expect(chosen?.pixels[0]).toBeLessThan(0.4 + 0.1001 * 1.0021);
  });

  it('does not leave the ball for it', async () => {
    const [shown] = await choose([claim(0.5001)], 0.50009, 0.50009, 0.1001);
    expect(shown?.chosen?.pixels[0]).toBeLessThanOrEqual(0.5001 + 1e-6);
  });

  it('goes on to the next candidate, and reports the ones that did not stand up', async () => {
    const [shown] = await choose([claim(0.55, 0.6, 0.65)], 0.5, 0.61);
    expect(shown?.chosen?.candidate.row).toBe(2);
    expect(shown?.rejected.map(({ row }) => row)).toEqual([0, 1]);
  });

  it('shows nothing where no candidate stands up, whatever the other claims do', async () => {
    const shown = await choose([claim(0.55), claim(), claim(0.65)], 0.5, 0.61);
    expect(shown.map(({ chosen }) => chosen !== null)).toEqual([false, false, true]);
  });

  it('never takes an image outside the ball or the box, and counts it', async () => {
    const [shown] = await choose([claim(0.6, 1.2, Number.NaN, 0.5)], 0.3, 0.3, 0.15);
    expect(shown?.outside).toBe(3);
    expect(shown?.chosen?.candidate.row).toBe(3);
  });

  it('wants the target where there is one', async () => {
    const reached = { ...claim(0.6), target: 1 };
    const missed = { ...claim(0.6), y: 1, target: 0 };
    const shown = await choose([reached, missed], 0.5, 0.5);
    expect(shown.map(({ chosen }) => chosen !== null)).toEqual([true, false]);
  });
});
