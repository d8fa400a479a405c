import { getCollection } from 'astro:content';
import type { ExternalEvaluation } from '#core/external-evaluation.ts';
import type { ExternalResult } from '#core/external-result.ts';
import type { Result } from '#core/result.ts';
import type { Submission } from '#core/submission.ts';
import { type Board, boardsOf, bySuite, everyRow, type Row } from './board.ts';
import { resultsFolder } from './folders.ts';
import { loweringsOf } from './lowerings.ts';

let made: Promise<Board[]> | undefined;

/** Everything published: the boards of all tracks. */
export function boards(): Promise<Board[]> {
  // In development what is published may change between two pages.
  if (import.meta.env.DEV) return makeBoards();
  made ??= makeBoards();
  return made;
}

async function makeBoards(): Promise<Board[]> {
  const [results, submissions, externals, evaluations] = await Promise.all([
    allResults(),
    allSubmissions(),
    allExternals(),
    allEvaluations(),
  ]);
  return boardsOf(results, submissions, await loweringsOf(resultsFolder, results, externals, evaluations));
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

/** Every published result of an external evaluation, by path. */
export async function allExternals(): Promise<ExternalResult[]> {
  const entries = await getCollection('externals');
  return entries.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map(({ data }) => data);
}

async function allEvaluations(): Promise<ReadonlyMap<string, ExternalEvaluation>> {
  const entries = await getCollection('evaluations');
  return new Map(entries.map(({ id, data }) => [id, data]));
}

/** The results of one submission on one track with what external evaluations make of them, the most trusted suite first. */
export async function rowsOf(track: string, id: string): Promise<Row[]> {
  const board = (await boards()).find((one) => one.track.id === track);
  return (board === undefined ? [] : everyRow(board))
    .filter(({ submission }) => submission.id === id)
    .sort((a, b) => bySuite(a.result.suite.id, b.result.suite.id));
}
