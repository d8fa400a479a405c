import type { Verdict } from '#core/claims/verdict.ts';

/** A verdict in words, as pages say it. */
export const verdictWords: Readonly<Record<Verdict, string>> = {
  reproduced: 'reproduced',
  partly: 'partly',
  not: 'not reproduced',
  'broken later': 'broken later',
  'not measured': 'not measured',
};
