import * as tf from '@tensorflow/tfjs';
import type { Classifier } from '../../models/classifier.ts';
import { imageSize } from './batches.ts';
import type { Probe } from './probe.ts';

/**
 * Counts how often the forward pass of one image asks tfjs for gradients.
 *
 * Every way of tfjs to differentiate (grad, variableGrads, an optimizer's minimize) ends in one method of its engine, which is watched
 * during the pass. A defense that optimises without gradients, or with derivatives of its own, is not seen.
 *
 * Source: AutoAttack, check_dynamic, https://github.com/fra31/auto-attack (autoattack/checks.py), traces calls of torch's autograd.
 */
export const forwardGradients: Probe = {
  id: 'forward-gradients',
  examples: 1,
  cost: { passes: 1, lineRuns: 0 },
  async measure({ classifier, x, y }) {
    if (y.length === 0) return null;
    return { calls: gradientCalls(classifier, x.slice(0, imageSize(classifier))) };
  },
};

/** Nothing else runs meanwhile: the pass is synchronous, and the engine gets its own method back. */
function gradientCalls(classifier: Classifier, image: Float32Array): number {
  const engine = tf.engine();
  const original = engine.gradients;
  let calls = 0;
  engine.gradients = function counted(...args: Parameters<typeof original>) {
    calls++;
    return original.apply(engine, args);
  } as typeof original;
  try {
    tf.tidy(() => {
      classifier.logits(tf.tensor4d(image, [1, ...classifier.inputShape]));
    });
  } finally {
    engine.gradients = original;
  }
  return calls;
}
