import * as tf from '@tensorflow/tfjs';
import { findAttack } from '#core/attacks/index.ts';
import { runAttack } from '#core/attacks/run.ts';
import type { Classifier } from '#core/models/classifier.ts';
import type { Norm } from '#core/projections.ts';
import type { Comparison, Line } from './comparison.ts';
import type { Rows } from './nets.ts';

/** The classifier that a comparison is of: its logits times `logitScale`, where the parameters have one. */
export function scaledClassifier(classifier: Classifier, { logitScale }: Comparison['parameters']): Classifier {
  if (logitScale === undefined) return classifier;
  return { ...classifier, logits: (x) => tf.tidy(() => tf.mul(classifier.logits(x), Number(logitScale))) };
}

export interface Cascade {
  readonly classifier: Classifier;
  readonly rows: Rows;
  readonly lines: readonly Line[];
  readonly norm: Norm;
  /** null for a search at any distance. */
  readonly epsilon: number | null;
  readonly seed: number;
}

/** Runs attacks of ours one after the other, each on the rows that still stand, all of them in one batch. */
export async function runCascade({ classifier, rows: { x, y, target, examples }, lines, ...common }: Cascade) {
  const size = x.length / y.length;
  const xAdv = x.slice();
  let rows = Int32Array.from(y.keys());
  let forwardCalls = 0;
  let gradientCalls = 0;
  for (const { attack, options } of lines) {
    if (rows.length === 0) break;
    const some = new Float32Array(rows.length * size);
    for (const [i, row] of rows.entries()) some.set(x.subarray(row * size, (row + 1) * size), i * size);
    const pick = (values: Int32Array) => rows.map((row) => values[row] as number);
    const search = findAttack(attack);
    const outcome = await runAttack({
      attack: search,
      options,
      classifier,
      x: some,
      y: pick(y),
      target: target && pick(target),
      examples: pick(examples),
      norm: common.norm,
      // Attacks within a radius want a finite one: no change within the pixel range is larger than this in any norm.
      epsilon: common.epsilon ?? (search.kind === 'fixed-epsilon' ? size : Number.POSITIVE_INFINITY),
      seed: common.seed,
      stream: attack,
    });
    for (const [i, row] of rows.entries()) {
      xAdv.set(outcome.xAdv.subarray(i * size, (i + 1) * size), row * size);
    }
    forwardCalls += outcome.forwardCalls;
    gradientCalls += outcome.gradientCalls;
    rows = rows.filter((_, i) => outcome.success[i] === 0);
  }
  return { xAdv, forwardCalls, gradientCalls };
}
