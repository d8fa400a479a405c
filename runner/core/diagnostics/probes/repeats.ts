import { predictions } from '../../metrics/judge.ts';
import { asAttacked } from '../../models/classifier.ts';
import { inBatches } from './batches.ts';
import { largestDifference } from './logit-difference.ts';
import type { Probe } from './probe.ts';

const PASSES = 5;

/**
 * Classifies the clean images five times over, as attacks meet the model.
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
  async measure({ classifier, x, y, seed }) {
    if (y.length === 0) return null;
    const attacked = asAttacked(classifier, { seed, line: 'probe/repeats', chunk: 0 });
    const passes: Float32Array[] = [];
    for (let i = 0; i < PASSES; i++) passes.push(await inBatches(attacked, x, (batch) => attacked.logits(batch)));
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
