import { describe, expect, it } from 'vitest';
import { type BoardRow, compareRows, initialState, parseState, passes, sortKeys, writeState } from './board-state.ts';

const row = (over: Partial<BoardRow>): BoardRow => ({
  name: 'Distillation',
  robust: '0.4',
  clean: '0.99',
  flags: '0',
  architecture: 'papernot-mnist',
  date: '2026-01-01',
  text: 'Distillation Papernot McDaniel',
  withdrawn: '0',
  ...over,
});

describe('the state in the address', () => {
  it('survives being written and read', () => {
    const state = { sort: 'clean', direction: 'ascending', q: 'a & b = ü', architecture: 'x', clear: true } as const;
    expect(parseState(writeState(state))).toEqual(state);
  });

  it('is empty at first, and what is malformed is as at first', () => {
    expect(writeState(initialState)).toBe('');
    expect(parseState('?sort=__proto__.asc&clear=yes')).toEqual(initialState);
  });
});

describe('passes', () => {
  it('wants every word somewhere in the text, whatever the case', () => {
    expect(passes(row({}), { ...initialState, q: 'mcdaniel DIST' })).toBe(true);
    expect(passes(row({}), { ...initialState, q: 'mcdaniel madry' })).toBe(false);
  });

  it('hides warnings and failures but no notes', () => {
    const clear = { ...initialState, clear: true };
    expect(
      [row({ flags: '3' }), row({ flags: '1000' }), row({ flags: '1000000' })].map((r) => passes(r, clear)),
    ).toEqual([true, false, false]);
  });

  it('takes the architecture as a whole', () => {
    expect(passes(row({}), { ...initialState, architecture: 'papernot' })).toBe(false);
  });
});

describe('compareRows', () => {
  it('compares numbers as numbers', () => {
    const [a, b] = [row({ robust: '1e-3' }), row({ robust: '0.5' })];
    expect(compareRows(a, b, initialState)).toBeGreaterThan(0);
    expect(compareRows(a, b, { ...initialState, direction: 'ascending' })).toBeLessThan(0);
  });

  it('puts what was withdrawn after all others, whichever way they are sorted', () => {
    const [stands, withdrawn] = [row({ robust: '0.5' }), row({ robust: '0.9', name: 'A', withdrawn: '1' })];
    for (const sort of sortKeys) {
      for (const direction of ['ascending', 'descending'] as const) {
        expect(compareRows(withdrawn, stands, { ...initialState, sort, direction })).toBeGreaterThan(0);
        expect(compareRows(stands, withdrawn, { ...initialState, sort, direction })).toBeLessThan(0);
      }
    }
  });

  it('leaves equal rows as they are', () => {
    expect(compareRows(row({}), row({ name: 'Other' }), initialState)).toBeCloseTo(0);
  });
});
