import type { Examples } from '../datasets/dataset.ts';
import { type Evaluation, evaluate, type Workers } from '../evaluate.ts';
import { classify, perform, pickFrom } from '../evaluation/perform.ts';
import type { OutcomeOf, Task } from '../evaluation/tasks.ts';
import type { Classifier } from '../models/classifier.ts';
import type { Result } from '../result.ts';
import { resolveSuite } from '../suites/resolve.ts';
import type { SuiteAttack } from '../suites/suite.ts';
import { findTrack } from '../tracks.ts';
import { pairEvaluation } from './pairs.ts';

/** What a classifier is evaluated with. */
export interface Trial {
  readonly lines: readonly SuiteAttack[];
  readonly examples: Examples;
  /** Radius of the L∞ ball. */
  readonly epsilon: number;
  /** Ids of the probes that run. */
  readonly probes: readonly string[];
}

/**
 * Evaluates a classifier as a submission is, in one process and on one backend, which also confirms.
 * @param changes of the workers, for faults
 */
export async function evaluated(
  classifier: Classifier,
  { lines, examples, epsilon, probes }: Trial,
  changes: (workers: Workers) => Partial<Workers> = () => ({}),
): Promise<Omit<Result, 'run'>> {
  const suite = resolveSuite(
    {
      id: 'test',
      title: 'Test',
      description: '',
      attacks: { 'mnist-linf-0.3': lines },
      examples: { count: examples.count, which: 'first' },
      chunk: examples.count,
      evidence: { images: 'examples', limit: examples.count },
      probes,
    },
    { ...findTrack('mnist-linf-0.3'), epsilon },
  );
  const evaluation: Evaluation = {
    ...pairEvaluation(examples),
    suite,
    count: examples.count,
    classes: classifier.classes,
  };
  const workers: Workers = {
    run: <T extends Task>(task: T): Promise<OutcomeOf<T>> =>
      perform(task, { classifier, pick: pickFrom(examples), now: () => 0 }),
    confirm: (x) => classify(classifier, x),
    confirmedBy: 'cpu',
  };
  return (await evaluate(evaluation, { ...workers, ...changes(workers) })).draft;
}
