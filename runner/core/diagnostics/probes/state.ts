import * as tf from '@tensorflow/tfjs';
import { asAttacked } from '../../models/classifier.ts';
import { exampleRandom } from '../../random.ts';
import { imageSize, inBatches } from './batches.ts';
import { largestDifference } from './logit-difference.ts';
import type { Probe } from './probe.ts';

/** Times that other images are classified, and gradients asked for, in between. */
const ROUNDS = 10;

/**
 * Classifies the clean images before and after what an attack would ask in between: noisy versions of them, and their gradients.
 *
 * `logitDifference`: the largest between before and after (see `repeats`). `repeatDifference`: the largest between two passes in a row,
 * before. A model that learns from what it is asked, counts its calls, or keeps answers, is another one afterwards.
 */
export const state: Probe = {
  id: 'state',
  examples: 16,
  cost: { passes: 3 + 4 * ROUNDS, lineRuns: 0 },
  async measure({ classifier, x, y, examples, seed, epsilon }) {
    if (y.length === 0) return null;
    const size = imageSize(classifier);
    const reach = Math.min(1, epsilon);
    const random = exampleRandom(seed, 'probe/state');
    const attacked = asAttacked(classifier, { seed, line: 'probe/state', chunk: 0 });
    const logits = (images: Float32Array) => inBatches(classifier, images, (batch) => classifier.logits(batch));
    const before = [await logits(x), await logits(x)];
    // Logits that do not depend on the image have no gradient: tfjs throws unless something does.
    const gradient = tf.grad((batch: tf.Tensor) =>
      attacked
        .logits(batch as tf.Tensor4D)
        .sum()
        .add(batch.sum()),
    );
    for (let round = 0; round < ROUNDS; round++) {
      const noise = random.uniform(examples, round, size);
      const noisy = x.map((value, i) => Math.min(1, Math.max(0, value + reach * (2 * (noise[i] as number) - 1))));
      await inBatches(attacked, noisy, (batch) => attacked.logits(batch));
      await inBatches(attacked, noisy, (batch) => gradient(batch));
    }
    const after = await logits(x);
    return {
      examples: y.length,
      logitDifference: largestDifference([before[1] as Float32Array, after], classifier.classes),
      repeatDifference: largestDifference(before, classifier.classes),
    };
  },
};
