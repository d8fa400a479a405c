/** A two-pixel world in which every number of an evaluation is known beforehand. */
import * as tf from '@tensorflow/tfjs';
import type { Examples } from '../datasets/dataset.ts';
import type { Evaluation, Workers } from '../evaluate.ts';
import { classify, perform, pickFrom } from '../evaluation/perform.ts';
import type { OutcomeOf, Task } from '../evaluation/tasks.ts';
import type { Classifier } from '../models/classifier.ts';
import { resolveSuite } from '../suites/resolve.ts';
import type { Suite } from '../suites/suite.ts';
import { findTrack } from '../tracks.ts';

/**
 * Two pixels, class 0 where the first is brighter than the second: L∞ distance to the other class is half the difference.
 * Logits are scaled so that nothing is near a tie by rounding.
 */
export const brighter: Classifier = {
  inputShape: [1, 2, 1],
  classes: 2,
  logits: (x) => tf.mul(tf.reshape(x, [-1, 2]), 10) as tf.Tensor2D,
  dispose: () => {},
};

/**
 * Differences in bytes, of class 0: broken at ε = 0.3 (76.5) when below 153; a negative one is wrong from
 * the start.
 */
export function pixelPairs(differences: readonly number[]): Examples {
  const x = Float32Array.from(
    differences.flatMap((d) => [(128 + Math.ceil(d / 2)) / 255, (128 - Math.floor(d / 2)) / 255]),
  );
  return { x, y: new Int32Array(differences.length), count: differences.length };
}

const suite: Suite = {
  id: 'test',
  title: 'Test',
  description: 'One step.',
  attacks: {
    'mnist-linf-0.3': [{ id: 'fgsm', attack: 'fgsm', options: {}, targets: 'untargeted', ball: 'track' }],
  },
  examples: { count: 6, which: 'first' },
  chunk: 2,
  evidence: { images: 'examples', limit: 6 },
};

/** An evaluation of `brighter` by one FGSM line, in chunks of two. */
export function pairEvaluation(examples: Examples, changes: Partial<Suite> = {}): Evaluation {
  return {
    submission: { id: 'Brighter', digest: '0'.repeat(64) },
    suite: resolveSuite({ ...suite, ...changes }, findTrack('mnist-linf-0.3')),
    count: 6,
    seed: 1,
    dataset: { id: 'pairs', split: 'test', digest: '1'.repeat(64) },
    examples,
    classes: 2,
    backend: { name: 'wasm', device: 'test', versions: {}, precision: 'float32', denormals: 'kept', threads: 1 },
    code: { commit: 'unknown', lockfileDigest: '2'.repeat(64) },
    evidenceFile: 'Brighter.examples.safetensors',
  };
}

/** Does every task in this process. */
export function localWorkers(examples: Examples, changes: Partial<Workers> = {}): Workers {
  const bench = { classifier: brighter, pick: pickFrom(examples), now: () => 0 };
  return {
    run: <T extends Task>(task: T): Promise<OutcomeOf<T>> => perform(task, bench),
    confirm: (x) => classify(brighter, x),
    confirmedBy: 'cpu',
    ...changes,
  };
}
