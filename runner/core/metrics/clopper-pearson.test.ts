import { expect, test } from 'vitest';
import { clopperPearsonLower } from './clopper-pearson.ts';
import { normalQuantile } from './normal-quantile.ts';

// scipy 1.17.1: beta.ppf(alpha, k, n - k + 1)
test.each([
  [99, 100, 0.001, 0.9113731112960424],
  [100, 100, 0.001, 0.933254300796991],
  [60, 100, 0.05, 0.5129758202538943],
  [1, 100, 0.001, 1.0004953285956376e-5],
  [9990, 10000, 0.001, 0.9975883080325683],
  [5123, 10000, 0.001, 0.49679934376275353],
  [10000, 10000, 0.001, 0.9993094630025899],
  [99000, 100000, 0.001, 0.9889893403774748],
  [3, 7, 0.025, 0.09898827844250786],
])('%i of %i at %f is the bound of scipy', (successes, total, alpha, bound) => {
  expect(Math.abs(clopperPearsonLower(successes, total, alpha) / bound - 1)).toBeLessThan(1e-10);
});

test('of no success nothing is known, and counts that are none are refused', () => {
  expect(clopperPearsonLower(0, 10, 0.001)).toBe(0);
  for (const [successes, total] of [
    [3, 2],
    [0.5, 2],
    [-1, 2],
    [0, 0],
  ] as const)
    expect(() => clopperPearsonLower(successes, total, 0.001)).toThrow(RangeError);
});

// scipy 1.17.1: norm.ppf(p)
test.each([
  [0.5, 0],
  [0.6, 0.2533471031357997],
  [0.75, 0.6744897501960817],
  [0.9, 1.2815515655446004],
  [0.975, 1.959963984540054],
  [0.999, 3.090232306167813],
  [0.99931, 3.1988018147048107],
  [0.999999, 4.753424308817087],
])('the normal quantile of %f is that of scipy', (p, quantile) => {
  expect(normalQuantile(p)).toBeCloseTo(quantile, 9);
});
