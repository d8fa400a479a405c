import type { CertifiedBound } from '#core/evidence/certified.ts';
import type { ExternalResult } from '#core/external-result.ts';
import type { Result } from '#core/result.ts';
import { architectureOf } from '#core/submission-architecture.ts';
import type { Board, Row } from './board.ts';
import { csv } from './csv.ts';

/** Path of a result without its ending: its identity. */
export function pathOf({ suite, track, submission }: Result): string {
  return `${suite.id}/${track}/${submission.id}`;
}

/** The same of the result of an external evaluation. */
export function externalPathOf({ track, evaluation }: ExternalResult): string {
  return `external/${track}/${evaluation.id}`;
}

/**
 * Everything there is, with addresses relative to the site's root.
 *
 * @param link puts the base of the site before a path
 */
export function indexJson(
  boards: readonly Board[],
  results: readonly Result[],
  externals: readonly ExternalResult[],
  link: (path: string) => string,
): unknown {
  const files = (path: string) => ({
    href: link(`/api/v1/results/${path}.json`),
    evidence: link(`/api/v1/results/${path}.examples.safetensors`),
  });
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
      ...files(pathOf(result)),
    })),
    external: externals.map((result) => ({
      path: externalPathOf(result),
      digest: result.digest,
      of: result.submission.id,
      ...files(externalPathOf(result)),
    })),
  };
}

/**
 * The rows of a track: `robustAccuracy` is what they are ranked by, `suiteRobustAccuracy` that of the suite alone; `certifiedAccuracy` and
 * `certificate` are without what external evaluations broke. Those that answer at
 * random stand under `randomised`, by suite, ranked among themselves.
 */
export function trackJson({ track, suite, rows, randomised }: Board, link: (path: string) => string): unknown {
  return {
    schemaVersion: 1,
    track,
    suite,
    rows: rows.map((row) => rowJson(row, link)),
    randomised: randomised.map((group) => ({
      suite: group.suite,
      rows: group.rows.map((row) => rowJson(row, link)),
    })),
  };
}

function rowJson(
  { result, submission, rank, robustAccuracy, certified, external }: Row,
  link: (path: string) => string,
) {
  return {
    rank,
    withdrawn: submission.withdrawn ?? null,
    id: submission.id,
    name: submission.name,
    paper: submission.paper?.url ?? null,
    architecture: architectureOf(submission),
    defenses: submission.defenses.map(({ id }) => id),
    examples: result.examples,
    cleanAccuracy: result.cleanAccuracy,
    robustAccuracy,
    suiteRobustAccuracy: result.robustAccuracy,
    external: external.map((note) => externalJson(note, link)),
    certifiedAccuracy: certified?.certifiedAccuracy ?? null,
    certificate: certified?.certificate ?? null,
    flags: result.flags.map(({ id, level }) => ({ id, level })),
    date: result.run.date,
    digest: result.digest,
    href: link(`/api/v1/results/${pathOf(result)}.json`),
    page: link(`/${result.track}/${submission.id}/`),
  };
}

function externalJson(
  { evaluation, result, counted, broken }: Row['external'][number],
  link: (path: string) => string,
): unknown {
  return {
    id: evaluation.id,
    name: evaluation.name,
    authors: evaluation.authors,
    paper: evaluation.paper?.url ?? null,
    attempted: result.attempted,
    confirmed: result.confirmed,
    counted,
    broken,
    date: result.run.date,
    digest: result.digest,
    href: link(`/api/v1/results/${externalPathOf(result)}.json`),
  };
}

/** The rows of a track for a spreadsheet. */
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
    ...['suite_robust_accuracy', 'external', 'withdrawn'],
    ...['certified_accuracy', 'certified_low', 'certified_high', 'certified_examples', 'certified_by'],
  ];
  const lines = rows.map(({ result, submission, rank, robustAccuracy, certified, external }) => [
    ...[
      rank?.best ?? '',
      rank?.worst ?? '',
      submission.id,
      submission.name,
      submission.paper?.url ?? '',
      architectureOf(submission),
    ],
    ...[result.suite.id, result.examples],
    ...[result.cleanAccuracy, robustAccuracy].flatMap(({ value, low, high }) => [value, low, high]),
    ...[result.flags.map(({ id }) => id).join(' '), result.run.date, result.digest],
    ...[
      result.robustAccuracy.value,
      external.map(({ evaluation }) => evaluation.id).join(' '),
      submission.withdrawn?.date ?? '',
    ],
    ...certifiedCells(certified),
  ]);
  return csv([header, ...lines]);
}

function certifiedCells(certified: CertifiedBound | null): (string | number)[] {
  if (certified === null) return ['', '', '', '', ''];
  const { certifiedAccuracy, certificate } = certified;
  const { value, low, high } = certifiedAccuracy;
  return [value, low, high, certificate.examples, certificate.method];
}
