import { proportion } from '#core/metrics/proportion.ts';
import type { Proportion, Result } from '#core/result.ts';
import type { Submission } from '#core/submission.ts';

/**
 * What Papernot et al. printed, of 900 image-target pairs each: the share that JSMA on the softmax outputs moved to the
 * target class with at most 112 features changed. Temperature null: not distilled.
 *
 * Source: Papernot et al., "Distillation as a Defense to Adversarial Perturbations against Deep Neural Networks",
 * IEEE S&P 2016, https://arxiv.org/abs/1511.04508, §V and figure 7. The figures for T = 1 to 50 are read off the figure
 * and hold to 0.3 points.
 */
export const printed = {
  pairs: 900,
  mnist: [
    { temperature: null, success: 0.9589 },
    { temperature: 1, success: 0.91 },
    { temperature: 2, success: 0.8223 },
    { temperature: 5, success: 0.2467 },
    { temperature: 10, success: 0.0678 },
    { temperature: 20, success: 0.0134 },
    { temperature: 30, success: 0.0144 },
    { temperature: 40, success: 0.0045 },
    { temperature: 50, success: 0.0145 },
    { temperature: 100, success: 0.0045 },
  ],
  cifar10: [
    { temperature: null, success: 0.8789 },
    { temperature: 1, success: 0.9278 },
    { temperature: 2, success: 0.8767 },
    { temperature: 5, success: 0.67 },
    { temperature: 10, success: 0.4756 },
    { temperature: 20, success: 0.1823 },
    { temperature: 30, success: 0.1323 },
    { temperature: 40, success: 0.0934 },
    { temperature: 50, success: 0.0623 },
    { temperature: 100, success: 0.0511 },
  ],
} as const;

export type PaperDataset = 'mnist' | 'cifar10';

/** A printed rate as a proportion of the pairs, to the nearest whole pair, with its interval. */
export function printedProportion(success: number): Proportion {
  return proportion(Math.round(success * printed.pairs), printed.pairs);
}

/** A measured success rate of the paper's protocol. */
export interface Measured {
  readonly result: Result;
  /** Null: not distilled. */
  readonly temperature: number | null;
  /** Line of the suite. */
  readonly attack: string;
  readonly pairs: NonNullable<Result['pairs']>;
  /** Whether it is the paper's own measurement, and not one that it should have made. */
  readonly headline: boolean;
}

/**
 * Every targeted line of every result of the protocol's suites, those whose id begins with `papernot2016`. The temperature
 * is what the submission's recipe says.
 */
export function measuredRates(
  results: readonly Result[],
  submissions: ReadonlyMap<string, Submission>,
  dataset: PaperDataset,
): Measured[] {
  return results
    .filter((result) => result.suite.id.startsWith('papernot2016') && result.dataset.id === dataset)
    .flatMap((result) => {
      const recipe = submissions.get(result.submission.id)?.recipe;
      const distilled = recipe?.method === 'distillation';
      const temperature = recipe?.options['temperature'];
      return result.attacks.flatMap(({ id, pairs }): Measured[] =>
        pairs === null
          ? []
          : [
              {
                result,
                temperature: distilled && typeof temperature === 'number' ? temperature : null,
                attack: id,
                pairs,
                headline: result.pairs !== null && isSame(pairs, result.pairs),
              },
            ],
      );
    });
}

function isSame(a: NonNullable<Result['pairs']>, b: NonNullable<Result['pairs']>): boolean {
  return a.attempted === b.attempted && a.successes === b.successes;
}
