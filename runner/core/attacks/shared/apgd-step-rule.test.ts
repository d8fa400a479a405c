import { describe, expect, test } from 'vitest';
import { type StepRule, stepRule } from './apgd-step-rule.ts';

const options = { steps: 100, length: 1, rho: 0.75 };
const row = Int32Array.of(0);

/** Gives the rule the loss at the start and after each step. @returns the steps after which the row was sent back */
function checkpointsThatHalve(rule: StepRule, lossAfter: (step: number) => number, steps = 100): number[] {
  const found: number[] = [];
  for (let step = 0; step <= steps; step++) {
    if (rule.observe(row, Float64Array.of(lossAfter(step))).back[0] === 1) found.push(step);
  }
  return found;
}

describe('the checkpoints', () => {
  test('of 100 steps', () => {
    expect(checkpointsThatHalve(stepRule(1, options), () => 0)).toEqual([22, 41, 57, 70, 80, 87, 93, 99]);
  });

  test('of other numbers of steps', () => {
    const halved = (steps: number) => checkpointsThatHalve(stepRule(1, { ...options, steps }), (step) => -step, steps);
    // Gaps of 4, 3, 2, 1, 1, … and of 11, 10, 9, 8, 7: shares round down, but not below 1.
    expect(halved(20)).toEqual([4, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
    expect(halved(50)).toEqual([11, 21, 30, 38, 45]);
    expect(halved(1)).toEqual([1]);
  });

  test('none halves a row that rises all the time', () => {
    const rule = stepRule(1, options);
    expect(checkpointsThatHalve(rule, (step) => step)).toEqual([]);
    expect(rule.lengths[0]).toBe(1);
  });
});

describe('condition 1: too few steps rise', () => {
  /** Of each window of 22, then 19, then 16 steps so many rise; the best loss grows in each. */
  function rising(counts: readonly number[]) {
    const ends = [22, 41, 57];
    return (step: number) => {
      const window = ends.findIndex((end) => step <= end);
      const start = window <= 0 ? 0 : (ends[window - 1] as number);
      const rises = Math.min(step - start, counts[window] as number);
      return 100 * window + rises - 0.01 * (step - start - rises);
    };
  }

  test('16 of 22 are too few, 17 are not', () => {
    expect(checkpointsThatHalve(stepRule(1, options), rising([16, 19, 16]), 57)).toEqual([22]);
    expect(checkpointsThatHalve(stepRule(1, options), rising([17, 19, 16]), 57)).toEqual([]);
  });

  test('14 of 19 are too few, 15 are not', () => {
    expect(checkpointsThatHalve(stepRule(1, options), rising([22, 14, 16]), 57)).toEqual([41]);
    expect(checkpointsThatHalve(stepRule(1, options), rising([22, 15, 16]), 57)).toEqual([]);
  });

  test('exactly three quarters of 16 are too few', () => {
    expect(checkpointsThatHalve(stepRule(1, options), rising([22, 19, 12]), 57)).toEqual([57]);
    expect(checkpointsThatHalve(stepRule(1, options), rising([22, 19, 13]), 57)).toEqual([]);
  });
});

test('condition 2: the best loss stands still, and the step was not halved at the last checkpoint', () => {
  // Four steps up, one far down: more than three quarters rise in any window, and after the fourth nothing is better.
  const sawtooth = (step: number) => step % 5;
  expect(checkpointsThatHalve(stepRule(1, options), sawtooth, 70)).toEqual([41, 70]);
});

describe('on a quadratic, worked out by hand', () => {
  /**
   * Climbs −(x − 0.25)² on [−1, 1] from −1 by the sign of the slope, first by 2.
   * 1 to 22: to and fro between 1 and −1, best 1 (loss −0.5625), 11 rises: step 1, back to 1.
   * 23 to 41: 0, 1, 0, …, best 0 (−0.0625), 10 rises: step 0.5, back to 0.
   * 42 to 57: 0.5, 0, 0.5, … both at −0.0625, no rise but the first: step 0.25, back to 0.
   * 58: 0.25, where the slope is 0; at every later checkpoint the step is halved.
   */
  test('halves and goes back as it should', () => {
    const rule = stepRule(1, { ...options, length: 2 });
    const loss = (x: number) => -((x - 0.25) ** 2);
    let x = -1;
    let best = x;
    const log: [step: number, length: number, from: number][] = [];
    for (let step = 0; step <= 100; step++) {
      if (step > 0) x = Math.max(-1, Math.min(1, x + (rule.lengths[0] as number) * Math.sign(0.25 - x)));
      const { better, back } = rule.observe(row, Float64Array.of(loss(x)));
      if (better[0] === 1) best = x;
      if (back[0] === 1) {
        x = best;
        log.push([step, rule.lengths[0] as number, x]);
      }
    }
    expect(log.slice(0, 4)).toEqual([
      [22, 1, 1],
      [41, 0.5, 0],
      [57, 0.25, 0],
      [70, 0.125, 0.25],
    ]);
    expect(log.map(([step]) => step)).toEqual([22, 41, 57, 70, 80, 87, 93, 99]);
  });
});

test('each row has a step of its own, whoever else is left', () => {
  const losses = [(step: number) => step, () => 0, (step: number) => step % 5];
  const together = stepRule(3, options);
  const alone = losses.map(() => stepRule(1, options));
  for (let step = 0; step <= 60; step++) {
    // Row 1 leaves after 30 steps.
    const rows = step <= 30 ? Int32Array.of(0, 1, 2) : Int32Array.of(0, 2);
    const seen = together.observe(
      rows,
      Float64Array.from(rows, (r) => losses[r]?.(step) as number),
    );
    for (const [i, r] of rows.entries()) {
      const single = (alone[r] as StepRule).observe(row, Float64Array.of(losses[r]?.(step) as number));
      expect([seen.better[i], seen.back[i]]).toEqual([single.better[0], single.back[0]]);
      expect(together.lengths[r]).toBe((alone[r] as StepRule).lengths[0]);
    }
  }
  expect([...together.lengths]).toEqual([1, 0.5, 0.5]);
});

test('a loss that is not a number is never the best', () => {
  const rule = stepRule(1, options);
  expect(rule.observe(row, Float64Array.of(Number.NaN)).better[0]).toBe(0);
  expect(rule.observe(row, Float64Array.of(-5)).better[0]).toBe(1);
});
