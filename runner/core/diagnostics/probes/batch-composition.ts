import { exampleRandom } from '../../random.ts';
import { imageSize, inBatches, takeRows } from './batches.ts';
import { largestDifference } from './logit-difference.ts';
import type { Probe } from './probe.ts';

/**
 * Classifies each image in different company: all together, all in the opposite order, alone, and between images of noise.
 *
 * `logitDifference`: the largest between two of these (see `repeats`). `repeatDifference`: the largest between two passes in the same
 * company. A model that normalises by its batch, or compares the images of one, answers differently in each; one that does not differs by
 * rounding.
 */
export const batchComposition: Probe = {
  id: 'batch-composition',
  examples: 16,
  cost: { passes: 6, lineRuns: 0 },
  async measure({ classifier, x, y, examples, seed }) {
    const count = y.length;
    if (count === 0) return null;
    const size = imageSize(classifier);
    const { classes } = classifier;
    const logits = (images: Float32Array) => inBatches(classifier, images, (batch) => classifier.logits(batch));
    const backwards = Array.from({ length: count }, (_, i) => count - 1 - i);
    const noise = exampleRandom(seed, 'probe/batch-composition').uniform(examples, 0, size);
    const mixed = new Float32Array(2 * x.length);
    const alone = new Float32Array(count * classes);
    for (let i = 0; i < count; i++) {
      mixed.set(noise.subarray(i * size, (i + 1) * size), 2 * i * size);
      mixed.set(x.subarray(i * size, (i + 1) * size), (2 * i + 1) * size);
      alone.set(await logits(x.slice(i * size, (i + 1) * size)), i * classes);
    }
    const together = await logits(x);
    const again = await logits(x);
    const reversed = takeRows(await logits(takeRows(x, backwards, size)), backwards, classes);
    const odd = Array.from({ length: count }, (_, i) => 2 * i + 1);
    const company = takeRows(await logits(mixed), odd, classes);
    return {
      examples: count,
      logitDifference: largestDifference([together, alone, reversed, company], classes),
      repeatDifference: largestDifference([together, again], classes),
    };
  },
};
