import { expect, test } from 'vitest';
import { sparsityRule } from './apgd-sparsity-rule.ts';

const row = Int32Array.of(0);
const options = { steps: 100, length: 12, size: 300 };

test('begins with a fifth of the values and the longest step', () => {
  const rule = sparsityRule(2, options);
  expect([...rule.lengths]).toEqual([12, 12]);
  expect([...rule.shares]).toEqual([0.2, 0.2]);
});

test('has a checkpoint every 4 % of the steps, at least every step, and none at the start', () => {
  const checkpoints = (steps: number) => {
    const rule = sparsityRule(1, { ...options, steps });
    const found: number[] = [];
    for (let step = 0; step <= 12; step++) if (rule.observe(row, Float64Array.of(step)).checkpoint) found.push(step);
    return found;
  };
  expect(checkpoints(100)).toEqual([4, 8, 12]);
  expect(checkpoints(30)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
});

test('follows the sparsity of the best point, worked out by hand', () => {
  const rule = sparsityRule(1, options);
  const adapted = (changed: number) => {
    const [back] = rule.adapt(row, Float32Array.of(changed));
    return [back, rule.shares[0], rule.lengths[0]];
  };
  // 150 of 300, against 300 before: sparser. A step then moves a third of the values.
  expect(adapted(150)).toEqual([1, 1 / 3, 12]);
  // 145 of 150 is 3 % less: not sparser enough, so the step shrinks, again and again.
  expect(adapted(145)).toEqual([0, 145 / 450, 8]);
  expect(adapted(145)[2]).toBeCloseTo(12 / 1.5 ** 2, 12);
  for (let time = 0; time < 5; time++) adapted(145);
  expect(rule.lengths[0]).toBe(1.2);
  // Sparser by more than 5 %: as long as at first.
  const [back, share, length] = adapted(130);
  expect([back, length]).toEqual([1, 12]);
  expect(share).toBeCloseTo(130 / 450, 12);
});

test('a start that is sparse already has nothing to do but to become sparser', () => {
  const rule = sparsityRule(1, options);
  rule.begin(row, Float32Array.of(30));
  expect([rule.shares[0], rule.lengths[0]]).toEqual([30 / 300 / 1.5, 12]);
  expect([...rule.adapt(row, Float32Array.of(30))]).toEqual([0]);
});

test('the best loss is the largest, of each row', () => {
  const rule = sparsityRule(2, options);
  const rows = Int32Array.of(0, 1);
  expect([...rule.observe(rows, Float64Array.of(1, Number.NaN)).better]).toEqual([1, 0]);
  expect([...rule.observe(rows, Float64Array.of(0.5, -3)).better]).toEqual([0, 1]);
  expect([...rule.observe(Int32Array.of(1), Float64Array.of(-3)).better]).toEqual([0]);
});
