import { describe, expect, it } from 'vitest';
import { expandRows } from './targets.ts';

const y = Int32Array.of(0, 2);
const scores = () => Float32Array.of(9, 1, 3, 1, 7, 2, 8, 2);
const never = () => {
  throw new Error('no logits are needed');
};

describe('expandRows', () => {
  it('leaves untargeted examples one row each', () => {
    expect(expandRows('untargeted', y, 4, never)).toEqual({
      rowsPerExample: 1,
      source: Int32Array.of(0, 1),
      target: null,
    });
  });

  it('gives every wrong class a row of its own', () => {
    const rows = expandRows('all', y, 4, never);
    expect(rows.rowsPerExample).toBe(3);
    expect([...rows.source]).toEqual([0, 0, 0, 1, 1, 1]);
    expect([...(rows.target ?? [])]).toEqual([1, 2, 3, 0, 1, 3]);
  });

  it('finds the most and the least likely wrong class, the first of equals', () => {
    expect([...(expandRows('runner-up', y, 4, scores).target ?? [])]).toEqual([2, 0]);
    expect([...(expandRows('least-likely', y, 4, scores).target ?? [])]).toEqual([1, 1]);
  });

  it('names some wrong class even when no logit is finite', () => {
    const lost = () => new Float32Array(8).fill(Number.NaN);
    expect([...(expandRows('runner-up', y, 4, lost).target ?? [])]).toEqual([1, 0]);
  });
});
