import type { Estimate } from './estimate.ts';
import type { Experiment, ExperimentFigure, Outcomes } from './experiment.ts';
import { experimentVerdict, type Verdict } from './verdict.ts';

/** A figure of an experiment with ours beside it. */
export interface JudgedExperimentFigure {
  readonly figure: ExperimentFigure;
  readonly ours: Estimate | null;
  readonly verdict: Verdict;
}

/**
 * Counts every figure of an experiment from its outcomes.
 * @param outcomes null where there are none
 */
export function judgeExperiment(experiment: Experiment, outcomes: Outcomes | null): JudgedExperimentFigure[] {
  return experiment.figures.map((figure) => {
    const ours = outcomes === null ? null : figure.ours(outcomes);
    return { figure, ours, verdict: experimentVerdict(figure, ours) };
  });
}
