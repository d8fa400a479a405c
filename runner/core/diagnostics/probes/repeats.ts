import { predictions } from '../../metrics/judge.ts';
import { inBatches } from './batches.ts';
import type { Probe } from './probe.ts';

const PASSES = 5;

/**
 * Classifies the clean images five times over.
 *
 * `correctSpread`: between the most and the fewest right answers, as a share. `logitDifference`: the largest L2 distance between two
 * passes' logits of one image, each divided by its length first.
 *
 * Source: AutoAttack, check_randomized, https://github.com/fra31/auto-attack (autoattack/checks.py).
 */
export const repeats: Probe = {
  id: 'repeats',
  examples: 100,
  cost: { passes: PASSES, lineRuns: 0 },
  async measure({ classifier, x, y }) {
    if (y.length === 0) return null;
    const passes: Float32Array[] = [];
    for (let i = 0; i < PASSES; i++) passes.push(await inBatches(classifier, x, (batch) => classifier.logits(batch)));
    const correct = passes.map(
      (logits) => predictions(logits, classifier.classes).filter((prediction, row) => prediction === y[row]).length,
    );
    return {
      examples: y.length,
      correctSpread: (Math.max(...correct) - Math.min(...correct)) / y.length,
      logitDifference: largestDifference(passes, classifier.classes),
    };
  },
};

function largestDifference(passes: readonly Float32Array[], classes: number): number {
  const rows = (passes[0] as Float32Array).length / classes;
  let largest = 0;
  for (let row = 0; row < rows; row++) {
    const units = passes.map((logits) => unit(logits.subarray(row * classes, (row + 1) * classes)));
    for (const [i, one] of units.entries())
      for (const other of units.slice(i + 1)) largest = Math.max(largest, distance(one, other));
  }
  return largest;
}

/** Between two unit vectors; the largest there is where one holds no numbers. */
function distance(one: readonly number[], other: readonly number[]): number {
  const length = Math.hypot(...one.map((value, c) => value - (other[c] as number)));
  return Number.isFinite(length) ? length : 2;
}

function unit(values: Float32Array): number[] {
  const length = Math.hypot(...values) + 1e-10;
  return Array.from(values, (value) => value / length);
}
