import * as tf from '@tensorflow/tfjs';
import type { AttackContext } from '../../attacks/attack.ts';
import { findAttack } from '../../attacks/index.ts';
import { parseOptions } from '../../attacks/shared/options.ts';
import { pauser } from '../../attacks/shared/pause.ts';
import { type GradientModel, gradientModel } from '../../gradients.ts';
import { margin } from '../../losses.ts';
import { asAttacked } from '../../models/classifier.ts';
import { exampleRandom } from '../../random.ts';
import { spending } from '../../spending.ts';
import type { SuiteAttack } from '../../suites/suite.ts';
import { imageSize, takeRows } from './batches.ts';
import type { Probe, ProbeContext } from './probe.ts';
import { standingRows } from './run-line.ts';

const LAST_STEPS = 10;
const DROP = 0.05;

/**
 * Follows the margin of logits along the strongest line's path, for the examples that no line broke.
 *
 * Of each path the smallest margin so far, scaled by the path's own range to [0, 1], is looked at over the last ten steps. `improving`:
 * share of the examples for which it still falls by more than 0.05. The attack is told of no success, so that every image stays in its
 * batch to the end; it runs without restarts. A targeted line is not followed, nor one that looks outside the ball, nor one that works on a part of its batch at a time.
 *
 * Source: Pintor et al., "Indicators of Attack Failure", NeurIPS 2022, https://arxiv.org/abs/2106.09947, I4, with the window and the
 * bound of the authors' code.
 */
export const optimisationPath: Probe = {
  id: 'optimisation-path',
  examples: 50,
  cost: { passes: 0, lineRuns: 1 },
  async measure(context) {
    const { line } = context;
    const rows = standingRows(context);
    if (line === null || line.targets !== 'untargeted' || rows.length === 0) return null;
    if (findAttack(line.attack).kind !== 'fixed-epsilon') return null;
    const path = await marginPath(context, line, rows);
    if (path.length <= LAST_STEPS) return null;
    const improving = rows.filter((_, i) => stillFalls(path.map((margins) => margins[i] as number))).length;
    return { examples: rows.length, improving: improving / rows.length };
  },
};

function stillFalls(path: readonly number[]): boolean {
  const finite = path.filter(Number.isFinite);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  if (!(high > low)) return false;
  const before = Math.min(...path.slice(0, -LAST_STEPS + 1).filter(Number.isFinite));
  return (before - low) / (high - low) > DROP;
}

/** Margins of every pass in which the attack asks for gradients: one array [rows] per step. */
async function marginPath(
  { classifier, x, y, examples, norm, epsilon, seed, spent }: ProbeContext,
  line: SuiteAttack,
  rows: readonly number[],
): Promise<Float32Array[]> {
  const attack = findAttack(line.attack);
  const options = 'restarts' in line.options ? { ...line.options, restarts: 1 } : line.options;
  const labels = Int32Array.from(rows, (row) => y[row] as number);
  const size = imageSize(classifier);
  const images = tf.tensor4d(takeRows(x, rows, size), [rows.length, ...classifier.inputShape]);
  const model = gradientModel(asAttacked(classifier, { seed, line: line.id, chunk: 0 }));
  const margins: tf.Tensor[] = [];
  const record = <T extends { logits: tf.Tensor2D }>(answer: T): T => {
    const all = answer.logits.shape[0] === rows.length;
    if (all) margins.push(tf.keep(tf.tidy(() => margin(labels)(answer.logits))));
    return answer;
  };
  const watched: GradientModel = {
    ...model,
    gradient: (at, loss) => record(model.gradient(at, loss)),
    gradients: (at, losses) => record(model.gradients(at, losses)),
  };
  const context: AttackContext = {
    model: watched,
    surrogates: [],
    x: images,
    y: labels,
    target: null,
    norm: line.norm ?? norm,
    epsilon,
    random: exampleRandom(seed, line.id),
    examples: Int32Array.from(rows, (row) => examples[row] as number),
    adversarial: (_, some) => new Uint8Array(some.length),
    pause: pauser(spending([model], spent)),
  };
  try {
    const found = await attack.perturb(context, parseOptions(attack, options));
    found.dispose();
    return await Promise.all(margins.map((values) => values.data<'float32'>()));
  } finally {
    tf.dispose([images, ...margins]);
    model.dispose();
  }
}
