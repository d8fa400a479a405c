import type { Claim, Figure, ModelWanted } from '#core/claims/claim.ts';
import { type Verdict, verdict } from '#core/claims/verdict.ts';
import type { Proportion, Result } from '#core/result.ts';
import type { Submission } from '#core/submission.ts';

/** A figure of a paper, and ours beside it where a published result has it. */
export interface Compared {
  readonly figure: Figure;
  readonly ours: { readonly proportion: Proportion; readonly result: Result } | null;
  readonly verdict: Verdict;
}

/** Every figure of a claim on a track. */
export function compare(
  claim: Claim,
  track: string,
  results: readonly Result[],
  submissions: ReadonlyMap<string, Submission>,
): Compared[] {
  return claim.figures
    .filter((figure) => figure.track === track)
    .map((figure) => {
      const result = results.find(
        (candidate) =>
          candidate.suite.id === figure.suite &&
          candidate.track === figure.track &&
          isTrainedAs(submissions.get(candidate.submission.id), figure.model),
      );
      const proportion = result === undefined ? null : figure.measure(result);
      return {
        figure,
        ours: result === undefined || proportion === null ? null : { proportion, result },
        verdict: verdict(claim, figure, proportion),
      };
    });
}

function isTrainedAs(submission: Submission | undefined, { method, options }: ModelWanted): boolean {
  const recipe = submission?.recipe;
  if (recipe === undefined || recipe.method !== method) return false;
  return Object.entries(options).every(([name, value]) => recipe.options[name] === value);
}

/** The temperature that a net was distilled at; null for one that was not. */
function temperatureOf(recipe: ModelWanted | undefined): number | null {
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
