import { ParapetError } from '#core/errors.ts';
import { type Standing, standings } from '#core/evidence/standing.ts';
import { type Comparison, compareStandings } from '#core/metrics/comparison.ts';
import type { Result } from '#core/result.ts';
import { loadDataset } from './datasets.ts';
import { readEvidence, readResult } from './results.ts';

/** A result with what became of each of its examples. */
export interface Comparable {
  readonly path: string;
  readonly result: Result;
  readonly standings: ReadonlyMap<number, Standing>;
}

/** @throws ParapetError 'integrity' when the result or its evidence was altered; 'infrastructure' when one cannot be read */
export async function readComparable(path: string): Promise<Comparable> {
  const result = await readResult(path);
  const { id, split } = result.dataset;
  const evidence = await readEvidence(path, result);
  return { path, result, standings: standings(evidence, split === 'own' ? null : (await loadDataset(id, split)).y) };
}

/** @throws ParapetError 'usage' when the two are of other data, threat models or suites, or have no example in common */
export function compareResults(first: Comparable, second: Comparable): Comparison {
  const both = `${first.path} and ${second.path}`;
  const [a, b] = [first.result, second.result];
  const pairs: [what: string, one: string, other: string][] = [
    ['data', `${a.dataset.id} (${a.dataset.digest.slice(0, 8)})`, `${b.dataset.id} (${b.dataset.digest.slice(0, 8)})`],
    ['threat model', a.track, b.track],
    ['suite', `${a.suite.id} (${a.suite.digest.slice(0, 8)})`, `${b.suite.id} (${b.suite.digest.slice(0, 8)})`],
  ];
  for (const [what, one, other] of pairs) {
    if (one === other) continue;
    throw new ParapetError(
      'usage',
      `${both} are of another ${what}: ${one}, and ${other}`,
      'only results of the same images, attacked alike, can be compared one by one',
    );
  }
  const comparison = compareStandings(first.standings, second.standings);
  if (comparison.examples > 0) return comparison;
  throw new ParapetError('usage', `${both} have no example in common`, 'evaluate the same examples');
}
