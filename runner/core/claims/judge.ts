import type { Estimate } from './estimate.ts';
import type { Experiment, ExperimentFigure, Outcomes } from './experiment.ts';
import { experimentVerdict, type Verdict } from './verdict.ts';

/** A figure of an experiment with ours beside it. */
export interface JudgedExperimentFigure {
  readonly figure: ExperimentFigure;
  readonly ours: Estimate | null;
  readonly verdict: Verdict;
  /** Why ours is another number, where it is and that is known. */
  readonly gap: string | null;
}

/**
 * Counts every figure of an experiment from its outcomes.
 * @param outcomes null where there are none
 */
export function judgeExperiment(experiment: Experiment, outcomes: Outcomes | null): JudgedExperimentFigure[] {
  return experiment.figures.map((figure) => {
    const ours = outcomes === null ? null : figure.ours(outcomes);
    const verdict = experimentVerdict(figure, ours);
    const differs = verdict === 'partly' || verdict === 'not';
    return { figure, ours, verdict, gap: differs && outcomes !== null ? gapOf(figure, outcomes) : null };
  });
}

function gapOf({ gap }: ExperimentFigure, outcomes: Outcomes): string | null {
  if (gap === undefined) return null;
  return typeof gap === 'function' ? gap(outcomes) : gap;
}
