import type { Claim, Figure } from '#core/claims/claim.ts';
import type { Outcomes } from '#core/claims/experiment.ts';
import { type Verdict, verdict } from '#core/claims/verdict.ts';
import type { Proportion, Result } from '#core/result.ts';
import type { Recipe, Submission } from '#core/submission.ts';

/** A figure of a paper, and ours beside it where a published result has it. */
export interface Compared {
  readonly figure: Figure;
  readonly ours: { readonly proportion: Proportion; readonly result: Result } | null;
  readonly verdict: Verdict;
}

/**
 * Every figure of a claim on a track.
 * @param evidenceOf reads the evidence of a result
 */
export async function compare(
  claim: Claim,
  track: string,
  results: readonly Result[],
  evidenceOf: (result: Result) => Promise<Outcomes>,
): Promise<Compared[]> {
  const figures = claim.figures.filter((figure) => figure.track === track);
  return Promise.all(
    figures.map(async (figure) => {
      const result = results.find(
        (one) => one.suite.id === figure.suite && one.track === figure.track && one.submission.id === figure.submission,
      );
      const proportion = result === undefined ? null : figure.measure(result, await evidenceOf(result));
      return {
        figure,
        ours: result === undefined || proportion === null ? null : { proportion, result },
        verdict: verdict(claim, figure, proportion),
      };
    }),
  );
}

/** The temperature that a net was distilled at; null for one that was not. */
function temperatureOf(recipe: Recipe | undefined): number | null {
  const temperature = recipe?.method === 'distillation' ? recipe.options['temperature'] : undefined;
  return typeof temperature === 'number' ? temperature : null;
}

/** What one targeted line of a suite reached. */
export interface TargetedLine {
  readonly result: Result;
  readonly temperature: number | null;
  readonly line: string;
  readonly pairs: NonNullable<Result['pairs']>;
}

/** Every targeted line of the results of a protocol's suites, those whose id begins with `suite`, on a track. */
export function targetedLines(
  suite: string,
  track: string,
  results: readonly Result[],
  submissions: ReadonlyMap<string, Submission>,
): TargetedLine[] {
  return results
    .filter((result) => result.suite.id.startsWith(suite) && result.track === track)
    .flatMap((result) =>
      result.attacks.flatMap(({ id, pairs }) =>
        pairs === null
          ? []
          : [{ result, temperature: temperatureOf(submissions.get(result.submission.id)?.recipe), line: id, pairs }],
      ),
    );
}
