import { findAttack } from '../../attacks/index.ts';
import { runAttack } from '../../attacks/run.ts';
import { expandRows } from '../../evaluation/targets.ts';
import type { Classifier } from '../../models/classifier.ts';
import type { SuiteAttack } from '../../suites/suite.ts';
import { imageSize, inBatches, takeRows } from './batches.ts';
import type { ProbeContext } from './probe.ts';

/** What is other than in the evaluation. */
interface Changes {
  readonly classifier?: Classifier;
  readonly epsilon?: number;
  readonly options?: SuiteAttack['options'];
  /** In place of the line's id: other draws. */
  readonly stream?: string;
}

/**
 * Runs the line on some of a probe's examples, once more or otherwise.
 * @param rows positions of the examples
 * @returns 1 for each of them that it broke
 */
export async function runLine(
  context: ProbeContext,
  line: SuiteAttack,
  rows: readonly number[],
  changes: Changes = {},
): Promise<Uint8Array> {
  const broken = new Uint8Array(rows.length);
  if (rows.length === 0) return broken;
  const classifier = changes.classifier ?? context.classifier;
  const size = imageSize(classifier);
  const x = takeRows(context.x, rows, size);
  const y = Int32Array.from(rows, (row) => context.y[row] as number);
  const needsLogits = line.targets === 'runner-up' || line.targets === 'least-likely';
  const logits = needsLogits ? await inBatches(classifier, x, (batch) => classifier.logits(batch)) : new Float32Array();
  const { source, target } = expandRows(line.targets, y, classifier.classes, () => logits);
  const { success } = await runAttack({
    attack: findAttack(line.attack),
    options: { ...line.options, ...changes.options },
    classifier,
    x: takeRows(x, [...source], size),
    y: source.map((i) => y[i] as number),
    target,
    examples: source.map((i) => context.examples[rows[i] as number] as number),
    norm: line.norm ?? context.norm,
    epsilon: changes.epsilon ?? context.epsilon,
    seed: context.seed,
    stream: changes.stream ?? line.id,
    spent: context.spent,
  });
  for (const [i, at] of source.entries()) if (success[i] === 1) broken[at] = 1;
  return broken;
}

/** Positions of the examples that no line of the suite broke. */
export function standingRows({ standing }: ProbeContext): number[] {
  return [...standing.keys()].filter((row) => standing[row] === 1);
}

export function count(flags: Uint8Array): number {
  return flags.reduce((sum, flag) => sum + flag, 0);
}
