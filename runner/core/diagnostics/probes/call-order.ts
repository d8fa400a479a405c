import { imageSize, inBatches, takeRows } from './batches.ts';
import { largestDifference } from './logit-difference.ts';
import type { Probe } from './probe.ts';

/** Images of one call; the last call is left out where it would be shorter. */
const CALL = 4;

/**
 * Classifies the same batches in one order and then in the opposite one.
 *
 * `logitDifference`: the largest between the two (see `repeats`). `repeatDifference`: the largest between two calls in a row with the same
 * batch. A model that remembers the call before, or takes turns, answers by the order.
 */
export const callOrder: Probe = {
  id: 'call-order',
  examples: 32,
  cost: { passes: 4, lineRuns: 0 },
  async measure({ classifier, x, y }) {
    if (y.length === 0) return null;
    const size = imageSize(classifier);
    const calls = Math.max(1, Math.floor(y.length / CALL));
    const length = Math.min(CALL, y.length);
    const { classes } = classifier;
    const call = (i: number) => {
      const rows = Array.from({ length }, (_, row) => i * CALL + row);
      return inBatches(classifier, takeRows(x, rows, size), (batch) => classifier.logits(batch));
    };
    const forwards: Float32Array[] = [];
    for (let i = 0; i < calls; i++) forwards.push(await call(i));
    let logitDifference = 0;
    let repeatDifference = 0;
    for (let i = calls - 1; i >= 0; i--) {
      const backwards = await call(i);
      logitDifference = Math.max(logitDifference, largestDifference([forwards[i] as Float32Array, backwards], classes));
      repeatDifference = Math.max(repeatDifference, largestDifference([backwards, await call(i)], classes));
    }
    return { examples: calls * length, logitDifference, repeatDifference };
  },
};
