import type { Verdict } from '#core/claims/verdict.ts';

/** A verdict as a shape: colour says nothing by itself. */
export const verdictShapes: Readonly<Record<Verdict, string>> = {
  reproduced: '●',
  partly: '◐',
  not: '○',
  'broken later': '✕',
  'not measured': '–',
};

export const verdictWords: Readonly<Record<Verdict, string>> = {
  reproduced: 'reproduced',
  partly: 'partly',
  not: 'not reproduced',
  'broken later': 'broken later',
  'not measured': 'not measured',
};
