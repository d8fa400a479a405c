import { type CertifiedBound, certifiedBound } from '#core/evidence/certified.ts';
import type { Proportion, Result } from '#core/result.ts';
import type { Submission } from '#core/submission.ts';
import { type Track, tracks } from '#core/tracks.ts';
import type { ExternalNote, Lowering } from './lowerings.ts';

/** Suites that rows are ranked on, best first. Others are protocols of a paper, with pages of their own. */
const rankingSuites = ['v1', 'autoattack-standard', 'quick'];

export interface Rank {
  /** 1 + the rows that are certainly better: whose whole interval lies above this one's. */
  readonly best: number;
  /** The rows that are not certainly worse, itself included. */
  readonly worst: number;
}

export interface Row {
  readonly result: Result;
  readonly submission: Submission;
  /** What it is ranked by: the suite's, lowered by what external evaluations broke. */
  readonly robustAccuracy: Proportion;
  /** Its lower bound, without what external evaluations broke; null without a certificate. */
  readonly certified: CertifiedBound | null;
  /** External evaluations of it, the one that broke most first. */
  readonly external: readonly ExternalNote[];
  /** null for a defense that was withdrawn. */
  readonly rank: Rank | null;
}

/** What was measured with one suite: most robust first, and after these the withdrawn. */
export interface Group {
  readonly suite: string;
  readonly rows: readonly Row[];
}

export interface Board {
  readonly track: Track;
  /** The best suite that anything was evaluated with; null when nothing was. */
  readonly suite: string | null;
  readonly rows: Group['rows'];
  /** Defenses that answer at random. They meet attacks of their own, so each suite ranks them among themselves. */
  readonly randomised: readonly Group[];
  /** Rows on lesser suites, and on protocols, which are not ranked here. */
  readonly others: readonly Group[];
}

/** Most trusted suite first; protocols after the suites that rank, by name. */
export function bySuite(a: string, b: string): number {
  const place = (suite: string) =>
    rankingSuites.includes(suite) ? rankingSuites.indexOf(suite) : rankingSuites.length;
  return place(a) - place(b) || (a < b ? -1 : a > b ? 1 : 0);
}

/**
 * Every track with its rows.
 *
 * @param lowerings what external evaluations make of results, by digest
 * @throws Error that names the result whose track or submission there is not
 */
export function boardsOf(
  results: readonly Result[],
  submissions: ReadonlyMap<string, Submission>,
  lowerings: ReadonlyMap<string, Lowering> = new Map(),
): Board[] {
  for (const { track, suite, submission } of results) {
    const file = `results/${suite.id}/${track}/${submission.id}.json`;
    if (!tracks.some(({ id }) => id === track)) throw new Error(`${file}: there is no track '${track}'`);
    if (!submissions.has(submission.id)) throw new Error(`${file}: there is no submissions/${submission.id}`);
  }
  const draws = ({ submission }: Result) => submissions.get(submission.id)?.randomised === true;
  return tracks.map((track) => {
    const here = results.filter((result) => result.track === track.id);
    const groups = grouped(
      here.filter((result) => !draws(result)),
      submissions,
      lowerings,
    );
    const [first] = groups;
    const board = first !== undefined && rankingSuites.includes(first.suite) ? first : undefined;
    return {
      track,
      suite: board?.suite ?? null,
      rows: board?.rows ?? [],
      randomised: grouped(here.filter(draws), submissions, lowerings),
      others: groups.filter((group) => group !== board),
    };
  });
}

/** By suite, the most trusted first. */
function grouped(
  results: readonly Result[],
  submissions: ReadonlyMap<string, Submission>,
  lowerings: ReadonlyMap<string, Lowering>,
): Group[] {
  const suites = [...new Set(results.map(({ suite }) => suite.id))].sort(bySuite);
  return suites.map((suite) => ({
    suite,
    rows: ranked(
      results.filter((result) => result.suite.id === suite),
      submissions,
      lowerings,
    ),
  }));
}

/** All rows of a board: the ranked ones first, then those that answer at random, then the rest. */
export function everyRow({ rows, randomised, others }: Board): Row[] {
  return [...rows, ...[...randomised, ...others].flatMap((group) => group.rows)];
}

function ranked(
  results: readonly Result[],
  submissions: ReadonlyMap<string, Submission>,
  lowerings: ReadonlyMap<string, Lowering>,
): Row[] {
  const all = results.map((result) => {
    const submission = submissions.get(result.submission.id) as Submission;
    const { robustAccuracy, certified, notes } = lowerings.get(result.digest) ?? {
      ...result,
      certified: certifiedBound(result),
      notes: [],
    };
    return { result, submission, robustAccuracy, certified, external: notes };
  });
  const standing = all.filter(({ submission }) => submission.withdrawn === undefined);
  const ranks = rankByInterval(standing.map(({ robustAccuracy }) => robustAccuracy));
  const rows = all.map((row) => ({ ...row, rank: ranks[standing.indexOf(row)] ?? null }));
  return rows.sort(
    (a, b) =>
      Number(a.rank === null) - Number(b.rank === null) ||
      b.robustAccuracy.value - a.robustAccuracy.value ||
      b.result.cleanAccuracy.value - a.result.cleanAccuracy.value ||
      (a.submission.id < b.submission.id ? -1 : 1),
  );
}

/** Places by intervals: what the intervals do not tell apart shares places. */
export function rankByInterval(intervals: readonly { readonly low: number; readonly high: number }[]): Rank[] {
  return intervals.map(({ low, high }) => ({
    best: 1 + intervals.filter((other) => other.low > high).length,
    worst: intervals.length - intervals.filter((other) => other.high < low).length,
  }));
}

/** `1`, or `1–3` where the intervals leave it open. */
export function rankText({ best, worst }: Rank): string {
  return best === worst ? String(best) : `${best}–${worst}`;
}
