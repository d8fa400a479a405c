import * as tf from '@tensorflow/tfjs';
import { inBatches } from './batches.ts';
import { largestDifference } from './logit-difference.ts';
import type { Probe } from './probe.ts';

/**
 * Classifies the clean images with tfjs recording for a gradient, and without.
 *
 * `logitDifference`: the largest between the two (see `repeats`). `repeatDifference`: the largest between two passes without. A model that
 * notices that it is differentiated can show an attack another face than it shows the judge.
 */
export const tape: Probe = {
  id: 'tape',
  examples: 32,
  cost: { passes: 4, lineRuns: 0 },
  async measure({ classifier, x, y }) {
    if (y.length === 0) return null;
    const logits = () => inBatches(classifier, x, (batch) => classifier.logits(batch));
    const passes = [await logits(), await logits()];
    const recorded = await inBatches(classifier, x, (batch) => {
      let seen: tf.Tensor | null = null;
      tf.grad((images: tf.Tensor) => {
        const scores = classifier.logits(images as tf.Tensor4D);
        seen = tf.keep(scores.clone());
        // Logits that do not depend on the image have no gradient: tfjs throws unless something does.
        return scores.sum().add(images.sum());
      })(batch);
      const kept = seen as unknown as tf.Tensor;
      const copy = kept.clone();
      kept.dispose();
      return copy;
    });
    return {
      examples: y.length,
      logitDifference: largestDifference([passes[1] as Float32Array, recorded], classifier.classes),
      repeatDifference: largestDifference(passes, classifier.classes),
    };
  },
};
