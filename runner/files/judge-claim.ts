/** A paper's figures beside ours, with what became of each. */
import type { Claim } from '#core/claims/claim.ts';
import type { Estimate } from '#core/claims/estimate.ts';
import type { Experiment } from '#core/claims/experiment.ts';
import { judgeExperiment } from '#core/claims/judge.ts';
import { overall, type Verdict, verdict } from '#core/claims/verdict.ts';
import { findOutcomes } from './claims.ts';
import { findMeasured } from './measured.ts';

export interface JudgedFigure {
  readonly id: string;
  /** Experiment that measures it; null for a suite of an evaluation. */
  readonly experiment: string | null;
  readonly title: string;
  readonly theirs: Estimate | null;
  readonly ours: Estimate | null;
  readonly verdict: Verdict;
  readonly source: string;
  /** Why ours is another number, where that has been looked into. */
  readonly gap?: string;
  /** The file that ours is counted from. */
  readonly result: string | null;
}

export interface JudgedClaim {
  readonly id: string;
  readonly title: string;
  readonly paper: string;
  readonly protocol: string;
  readonly verdict: Verdict;
  readonly experiments: readonly Pick<Experiment, 'id' | 'title' | 'protocol'>[];
  readonly figures: readonly JudgedFigure[];
}

/** @throws ParapetError 'integrity' for a result or outcomes that were altered */
export async function judgeClaim(claim: Claim): Promise<JudgedClaim> {
  const figures: JudgedFigure[] = [];
  for (const figure of claim.figures) {
    const found = await findMeasured(figure);
    const ours = found === null ? null : figure.measure(found.result, found.evidence);
    const { id, title, theirs, source } = figure;
    figures.push({
      id,
      experiment: null,
      title,
      theirs: theirs && { ...theirs, unit: 'share' },
      ours: ours && { ...ours, unit: 'share' },
      verdict: verdict(claim, figure, ours),
      source,
      result: found?.path ?? null,
    });
  }
  for (const experiment of claim.experiments) figures.push(...(await measured(claim, experiment)));
  const { id, title, paper, protocol } = claim;
  return {
    id,
    title,
    paper,
    protocol,
    verdict: overall(figures.map((figure) => figure.verdict)),
    experiments: claim.experiments.map((one) => ({ id: one.id, title: one.title, protocol: one.protocol })),
    figures,
  };
}

async function measured({ id: paper }: Claim, experiment: Experiment): Promise<JudgedFigure[]> {
  const found = await findOutcomes(paper, experiment.id);
  return judgeExperiment(experiment, found?.outcomes ?? null).map(({ figure, ours, verdict: is, gap }) => ({
    id: figure.id,
    experiment: experiment.id,
    title: figure.title,
    theirs: figure.theirs,
    ours,
    verdict: is,
    source: experiment.source,
    ...(gap !== null && { gap }),
    result: found?.path ?? null,
  }));
}
