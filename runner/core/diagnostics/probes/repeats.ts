import { gradientModel } from '../../gradients.ts';
import { margin } from '../../losses.ts';
import { predictions } from '../../metrics/judge.ts';
import { asAttacked } from '../../models/classifier.ts';
import { exampleRandom } from '../../random.ts';
import { imageSize, inBatches } from './batches.ts';
import { largestDifference } from './logit-difference.ts';
import type { Probe } from './probe.ts';

const PASSES = 5;
/** Between two values of an image of 8 bits. */
const STEP = 1 / 255;

/**
 * Classifies the clean images five times over, as attacks meet the model, and once with every value a step of 8 bits up or down, whichever
 * the gradient of the margin says changes the scores more; at random where it says nothing.
 *
 * `correctSpread`: between the most and the fewest right answers, as a share. `logitDifference`: the largest L2 distance between two
 * passes' logits of one image, each divided by its length first. `changed`: the share of images whose class is not the same in all passes.
 * `stepDifference`: the largest such distance between an image and itself a step away, under the same draws.
 *
 * Source: AutoAttack, check_randomized, https://github.com/fra31/auto-attack (autoattack/checks.py).
 */
export const repeats: Probe = {
  id: 'repeats',
  examples: 100,
  cost: { passes: PASSES + 1, lineRuns: 0 },
  async measure({ classifier, x, y, examples, seed }) {
    if (y.length === 0) return null;
    const key = { seed, line: 'probe/repeats', chunk: 0 };
    const attacked = asAttacked(classifier, key);
    const passes: Float32Array[] = [];
    for (let i = 0; i < PASSES; i++) passes.push(await inBatches(attacked, x, (batch) => attacked.logits(batch)));
    const said = passes.map((logits) => predictions(logits, classifier.classes));
    const correct = said.map((classes) => classes.filter((prediction, row) => prediction === y[row]).length);
    const first = said[0] as Int32Array;
    const changed = first.filter((prediction, row) => said.some((classes) => classes[row] !== prediction)).length;
    // Begun anew it makes the draws of the first pass.
    const model = gradientModel(asAttacked(classifier, key));
    const slopes = await inBatches(classifier, x, (batch, start) => {
      return model.gradient(batch, margin(y.subarray(start, start + batch.shape[0]))).gradient;
    });
    model.dispose();
    const again = asAttacked(classifier, key);
    const steps = exampleRandom(seed, 'probe/repeats').uniform(examples, 0, imageSize(classifier));
    const stepped = await inBatches(again, oneStepAway(x, slopes, steps), (batch) => again.logits(batch));
    return {
      examples: y.length,
      correctSpread: (Math.max(...correct) - Math.min(...correct)) / y.length,
      logitDifference: largestDifference(passes, classifier.classes),
      changed: changed / y.length,
      stepDifference: largestDifference([passes[0] as Float32Array, stepped], classifier.classes),
    };
  },
};

/** Images with every value a step down its slope, or any way where it has none, and always within [0, 1]. */
function oneStepAway(x: Float32Array, slopes: Float32Array, random: Float32Array): Float32Array {
  return x.map((value, i) => {
    const slope = slopes[i] || (random[i] as number) - 0.5;
    const step = slope > 0 ? -STEP : STEP;
    return value + step < 0 || value + step > 1 ? value - step : value + step;
  });
}
