import { describe, expect, it } from 'vitest';
import { type Standing, standings } from '../evidence/standing.ts';
import { encodeSafetensors } from '../models/safetensors.ts';
import { compareStandings, isWorse } from './comparison.ts';

const of = (text: string, start = 0) =>
  new Map(
    [...text].map((c, i) => [
      start + i,
      ({ w: 'wrong', b: 'broken', s: 'stands' } as Record<string, Standing>)[c] as Standing,
    ]),
  );

describe('comparing two models', () => {
  it('counts the examples that only one answers right, and leaves out what only one met', () => {
    const { examples, first, second, onlyFirst, onlySecond } = compareStandings(of('sssbw'), of('sbwsss', 1));
    expect({ examples, onlyFirst, onlySecond }).toEqual({ examples: 4, onlyFirst: [2], onlySecond: [4] });
    expect([first.value, second.value]).toEqual([0.5, 0.5]);
  });

  it('calls the second worse only when chance does not explain it: six of six, not five of five', () => {
    // Two-sided binomial: 2 · ½⁵ = 0.0625, 2 · ½⁶ = 0.03125.
    const five = compareStandings(of('sssss'), of('bbbbb'));
    const six = compareStandings(of('ssssss'), of('bbbbbb'));
    expect([five.p, isWorse(five)]).toEqual([expect.closeTo(0.0625), false]);
    expect([six.p, isWorse(six)]).toEqual([expect.closeTo(0.03125), true]);
    expect(isWorse(compareStandings(of('bbbbbb'), of('ssssss')))).toBe(false);
  });
});

describe('reading standings', () => {
  const tensors = {
    examples: { shape: [3], data: Int32Array.of(0, 2, 3) },
    predictions: { shape: [4], data: Int32Array.of(1, 0, 1, 1) },
    'line.a.code': { shape: [3, 2], data: Uint8Array.of(0, 1, 0, 2, 0, 0) },
    'line.b.code': { shape: [3, 1], data: Uint8Array.of(1, 0, 2) },
  };
  const labels = { shape: [4], data: Int32Array.of(1, 1, 1, 0) };

  it('takes what is broken in any line and any row, and what is wrong from the start', () => {
    const wanted = new Map([
      [0, 'stands'],
      [2, 'broken'],
      [3, 'wrong'],
    ]);
    expect(standings(encodeSafetensors({ ...tensors, labels }), null)).toEqual(wanted);
    expect(standings(encodeSafetensors(tensors), labels.data)).toEqual(wanted);
  });

  it('refuses a file without examples', () => {
    expect(() => standings(encodeSafetensors({ labels }), null)).toThrow(/evidence: 'examples' is missing/);
  });
});
