import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Claim } from '#core/claims/claim.ts';
import type { Experiment, Outcomes } from '#core/claims/experiment.ts';
import { type JudgedExperimentFigure, judgeExperiment } from '#core/claims/judge.ts';
import { outcomesOf, type Provenance } from '#core/claims/outcomes-file.ts';
import { overall, type Verdict } from '#core/claims/verdict.ts';
import { evidenceTensors } from '#core/evidence/tensors.ts';
import type { Result } from '#core/result.ts';
import { findTrack } from '#core/tracks.ts';
import { allResults } from './catalogue.ts';
import { type Compared, compare } from './claims.ts';
import { resultsFolder } from './folders.ts';

/** An experiment with what came of it; null where it was not measured. */
export interface Measured {
  readonly experiment: Experiment;
  readonly outcomes: Outcomes | null;
  readonly provenance: Provenance | null;
  readonly figures: readonly JudgedExperimentFigure[];
}

/** A paper with everything measured about it. */
export interface MeasuredClaim {
  readonly claim: Claim;
  /** Numbers of suites. */
  readonly compared: readonly Compared[];
  readonly experiments: readonly Measured[];
  readonly verdicts: readonly Verdict[];
  readonly verdict: Verdict;
}

async function measure({ id: paper }: Claim, experiment: Experiment): Promise<Measured> {
  const path = join(resultsFolder, 'claims', paper, `${experiment.id}.safetensors`);
  const found = existsSync(path) ? outcomesOf(await readFile(path), paper, experiment.id) : null;
  const outcomes = found?.outcomes ?? null;
  const figures = judgeExperiment(experiment, outcomes);
  return { experiment, outcomes, provenance: found?.provenance ?? null, figures };
}

async function evidenceOf({ suite, track, evidence }: Result): Promise<Outcomes> {
  const bytes = await readFile(join(resultsFolder, suite.id, track, evidence.file));
  return Object.fromEntries(evidenceTensors(bytes));
}

export async function measuredClaim(claim: Claim): Promise<MeasuredClaim> {
  const results = await allResults();
  const tracks = [...new Set(claim.figures.map(({ track }) => track))].map((id) => findTrack(id).id);
  const compared = (await Promise.all(tracks.map((track) => compare(claim, track, results, evidenceOf)))).flat();
  const experiments = await Promise.all(claim.experiments.map((experiment) => measure(claim, experiment)));
  const verdicts = [...compared, ...experiments.flatMap(({ figures }) => figures)].map(({ verdict }) => verdict);
  return { claim, compared, experiments, verdicts, verdict: overall(verdicts) };
}
