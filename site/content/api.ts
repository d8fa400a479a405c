import type { Result } from '#core/result.ts';
import { architectureOf } from '#core/submission-architecture.ts';
import type { Board } from './board.ts';
import { csv } from './csv.ts';

/** Path of a result without its ending: its identity. */
export function pathOf({ suite, track, submission }: Result): string {
  return `${suite.id}/${track}/${submission.id}`;
}

/**
 * Everything there is, with addresses relative to the site's root.
 *
 * @param link puts the base of the site before a path
 */
export function indexJson(
  boards: readonly Board[],
  results: readonly Result[],
  link: (path: string) => string,
): unknown {
  return {
    schemaVersion: 1,
    tracks: boards.map(({ track, suite, rows }) => ({
      ...track,
      suite,
      rows: rows.length,
      href: link(`/api/v1/tracks/${track.id}.json`),
    })),
    results: results.map((result) => ({
      path: pathOf(result),
      digest: result.digest,
      href: link(`/api/v1/results/${pathOf(result)}.json`),
      evidence: link(`/api/v1/results/${pathOf(result)}.examples.safetensors`),
    })),
  };
}

/** The ranked rows of a track. */
export function trackJson({ track, suite, rows }: Board, link: (path: string) => string): unknown {
  return {
    schemaVersion: 1,
    track,
    suite,
    rows: rows.map(({ result, submission, rank }) => ({
      rank,
      id: submission.id,
      name: submission.name,
      paper: submission.paper?.url ?? null,
      architecture: architectureOf(submission),
      defenses: submission.defenses.map(({ id }) => id),
      examples: result.examples,
      cleanAccuracy: result.cleanAccuracy,
      robustAccuracy: result.robustAccuracy,
      certifiedAccuracy: result.certifiedAccuracy,
      flags: result.flags.map(({ id, level }) => ({ id, level })),
      date: result.run.date,
      digest: result.digest,
      href: link(`/api/v1/results/${pathOf(result)}.json`),
      page: link(`/${track.id}/${submission.id}/`),
    })),
  };
}

/** The ranked rows of a track for a spreadsheet. */
export function trackCsv({ rows }: Board): string {
  const header = [
    ...['rank_best', 'rank_worst', 'id', 'name', 'paper', 'architecture', 'suite', 'examples'],
    ...[
      'clean_accuracy',
      'clean_low',
      'clean_high',
      'robust_accuracy',
      'robust_low',
      'robust_high',
      'flags',
      'date',
      'digest',
    ],
  ];
  const lines = rows.map(({ result, submission, rank }) => [
    ...[rank.best, rank.worst, submission.id, submission.name, submission.paper?.url ?? '', architectureOf(submission)],
    ...[result.suite.id, result.examples],
    ...[result.cleanAccuracy, result.robustAccuracy].flatMap(({ value, low, high }) => [value, low, high]),
    ...[result.flags.map(({ id }) => id).join(' '), result.run.date, result.digest],
  ]);
  return csv([header, ...lines]);
}
