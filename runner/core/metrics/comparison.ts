import type { Standing } from '../evidence/standing.ts';
import type { Proportion } from '../result.ts';
import { mcNemar } from './mcnemar.ts';
import { proportion } from './proportion.ts';

/** Two models on the same examples. */
export interface Comparison {
  /** Examples that both were attacked on. */
  readonly examples: number;
  /** Robust accuracy of each on these. */
  readonly first: Proportion;
  readonly second: Proportion;
  /** Positions of the examples that only the one answers right after every attack. */
  readonly onlyFirst: readonly number[];
  readonly onlySecond: readonly number[];
  /** Of the exact McNemar test, two-sided: how probable so uneven a split is between equals. */
  readonly p: number;
}

/** Below this p a difference is called significant. */
export const SIGNIFICANCE = 0.05;

/** Compares two models example by example; those that only one was attacked on do not count. */
export function compareStandings(
  first: ReadonlyMap<number, Standing>,
  second: ReadonlyMap<number, Standing>,
): Comparison {
  const common = [...first.keys()].filter((position) => second.has(position)).sort((a, b) => a - b);
  const stands = (of: ReadonlyMap<number, Standing>) => common.filter((position) => of.get(position) === 'stands');
  const [inFirst, inSecond] = [stands(first), stands(second)];
  const onlyFirst = inFirst.filter((position) => second.get(position) !== 'stands');
  const onlySecond = inSecond.filter((position) => first.get(position) !== 'stands');
  return {
    examples: common.length,
    first: proportion(inFirst.length, common.length),
    second: proportion(inSecond.length, common.length),
    onlyFirst,
    onlySecond,
    p: mcNemar(onlyFirst.length, onlySecond.length),
  };
}

/** Whether the second model is worse than the first by more than chance explains. */
export function isWorse({ onlyFirst, onlySecond, p }: Comparison): boolean {
  return onlyFirst.length > onlySecond.length && p < SIGNIFICANCE;
}
