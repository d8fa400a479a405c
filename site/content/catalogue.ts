import { getCollection } from 'astro:content';
import type { Result } from '#core/result.ts';
import type { Submission } from '#core/submission.ts';
import { type Board, boardsOf, bySuite } from './board.ts';

/** Everything published: the boards of all tracks. */
export async function boards(): Promise<Board[]> {
  const [results, submissions] = await Promise.all([allResults(), allSubmissions()]);
  return boardsOf(results, submissions);
}

/** Every published result, by path. */
export async function allResults(): Promise<Result[]> {
  const entries = await getCollection('results');
  return entries.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map(({ data }) => data);
}

export async function allSubmissions(): Promise<ReadonlyMap<string, Submission>> {
  const entries = await getCollection('submissions');
  return new Map(entries.map(({ id, data }) => [id, data]));
}

/** The results of one submission on one track, the most trusted suite first. */
export async function resultsOf(track: string, id: string): Promise<Result[]> {
  const all = await allResults();
  return all
    .filter((result) => result.track === track && result.submission.id === id)
    .sort((a, b) => bySuite(a.suite.id, b.suite.id));
}
