import { inBatches } from './batches.ts';
import { largestDifference } from './logit-difference.ts';
import type { Probe } from './probe.ts';

const YEAR_MILLISECONDS = 366 * 24 * 3600 * 1000;

/**
 * Classifies the clean images with the clock of this process a year ahead.
 *
 * `logitDifference`: the largest to the clock as it is (see `repeats`). `repeatDifference`: the largest between two passes with the clock as
 * it is. Models are data and cannot read a clock; this holds it for whatever runs them.
 */
export const clock: Probe = {
  id: 'clock',
  examples: 16,
  cost: { passes: 3, lineRuns: 0 },
  async measure({ classifier, x, y }) {
    if (y.length === 0) return null;
    const logits = () => inBatches(classifier, x, (batch) => classifier.logits(batch));
    const passes = [await logits(), await logits()];
    const later = await inBatches(classifier, x, (batch) => aYearLater(() => classifier.logits(batch)));
    return {
      examples: y.length,
      logitDifference: largestDifference([passes[1] as Float32Array, later], classifier.classes),
      repeatDifference: largestDifference(passes, classifier.classes),
    };
  },
};

/** Nothing else runs meanwhile: `body` is synchronous, and the clock is put back. */
function aYearLater<T>(body: () => T): T {
  const [now, Original] = [Date.now, Date];
  class Later extends Original {
    constructor(...given: []) {
      super(...(given.length === 0 ? ([now() + YEAR_MILLISECONDS] as unknown as []) : given));
    }
  }
  Later.now = () => now() + YEAR_MILLISECONDS;
  globalThis.Date = Later as DateConstructor;
  try {
    return body();
  } finally {
    globalThis.Date = Original;
  }
}
