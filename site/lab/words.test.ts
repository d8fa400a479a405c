import { describe, expect, it } from 'vitest';
import { measureChange, softmax } from './measure.ts';
import { changeInWords, percent, type Told, verdictOf } from './words.ts';

const told: Told = {
  ...{
    label: 7,
    before: 7,
    after: 3,
    confidenceBefore: 0.99996,
    confidenceAfter: 0.874,
    success: true,
    cleanCorrect: true,
  },
  ...{ target: null, norm: 'Linf', epsilon: 0.3, distance: 0.3 },
};

describe('the verdict', () => {
  it('says what broke and by how much', () => {
    expect(verdictOf(told)).toEqual({
      kind: 'broken',
      word: 'Broken',
      sentence: 'Read as a 7 (> 99.9 %) before and as a 3 (87.4 %) after; no pixel moved by more than 0.3.',
    });
  });

  it('says what held, and against what', () => {
    const held = verdictOf({ ...told, success: false, after: 7, confidenceAfter: 1 });
    expect(held.kind).toBe('held');
    expect(held.sentence).toContain('still reads a 7 (100 %)');
    expect(held.sentence).toContain('within L∞ ≤ 0.3');
    const missed = verdictOf({ ...told, success: false, target: 8, norm: 'L0', epsilon: 1 });
    expect(missed.sentence).toContain('read as an 8 with 1 pixel to change');
  });

  it('does not sell an error of the model as an attack', () => {
    expect(verdictOf({ ...told, cleanCorrect: false, before: 1, after: 1 }).kind).toBe('wrong');
  });
});

describe('percent', () => {
  it.each([
    [1, '100 %'],
    [0, '0 %'],
    [0.99999999, '> 99.9 %'],
    [1e-30, '< 0.1 %'],
    [0.5, '50.0 %'],
    [Number.NaN, 'no number'],
  ])('%f is %s', (value, text) => expect(percent(value)).toBe(text));
});

describe('the perturbation in words', () => {
  it('tells signs, counts, sizes and magnification', () => {
    const x = Float32Array.of(0, 0.5, 1, 0.25);
    const xAdv = Float32Array.of(0.25, 0.25, 1, 0.5);
    expect(changeInWords(measureChange(x, xAdv))).toBe(
      '2 pixels made lighter (orange), by up to 0.25; 1 pixel made darker (blue), by up to 0.25. ' +
        'It is shown 4 times as strong: full colour is a change of 0.25.',
    );
    const hardly = Float32Array.of(0.001, 0.5, 1, 0.75);
    expect(changeInWords(measureChange(x, hardly))).toContain(' 1 of them moves by less than one of 255 grey levels. ');
    expect(changeInWords(measureChange(x, x))).toBe('No pixel is changed.');
  });
});

describe('softmax', () => {
  it('sums to 1 and does not overflow', () => {
    expect(softmax([1000, 1000, -1000])).toEqual([0.5, 0.5, 0]);
    expect(softmax([Number.NaN, 1]).every(Number.isNaN)).toBe(true);
  });
});
