import type { Proportion, Result } from '../result.ts';
import type { Suite } from '../suites/suite.ts';
import type { ThreatModel } from '../tracks.ts';
import { curve } from './curve.ts';
import { median } from './median.ts';
import { type LineOutcomes, type Outcomes, outcome, reached, rightAtFirst, standing } from './outcomes.ts';
import { proportion } from './proportion.ts';

type Pairs = NonNullable<Result['pairs']>;

/** The numbers of one line of the suite that are counted from outcomes. */
export interface LineNumbers {
  readonly id: string;
  readonly attempted: number;
  readonly robustAccuracy: Proportion;
  readonly successRate: Proportion;
  readonly medianDistance: number | null;
  readonly pairs: Pairs | null;
}

/** The numbers of a result that are counted from outcomes: the runner's and the verifier's, by the same definitions. */
export interface Numbers {
  readonly examples: number;
  /** Of the scanned examples, those classified right. */
  readonly cleanAccuracy: Proportion;
  /** Of the attacked examples, those classified right that no line broke within the track's ball. */
  readonly robustAccuracy: Proportion;
  readonly pairs: Pairs | null;
  readonly curve: Result['curve'];
  readonly lines: readonly LineNumbers[];
}

/** What of a suite decides how outcomes are counted. */
export interface CountedBy {
  readonly track: ThreatModel;
  readonly suite: Pick<Suite, 'cascade' | 'headline'>;
}

/** Counts every number of a result from the outcomes. */
export function recount(outcomes: Outcomes, { suite, track }: CountedBy): Numbers {
  const right = rightAtFirst(outcomes);
  const lines = outcomes.lines.map((line, i) =>
    suite.cascade ? cascadeNumbers(outcomes.lines.slice(0, i), line, right) : lineNumbers(line, right),
  );
  const scanned = outcomes.predictions.length;
  const rightOfScanned = outcomes.predictions.reduce((sum, p, i) => sum + Number(p === outcomes.y[i]), 0);
  return {
    examples: right.length,
    cleanAccuracy: proportion(rightOfScanned, scanned),
    robustAccuracy: proportion(standing(outcomes).filter(Boolean).length, right.length),
    pairs: lines.find((line) => line.id === suite.headline)?.pairs ?? null,
    curve: curve(right, outcomes.nearest, track.epsilon),
    lines,
  };
}

/**
 * In a cascade a line meets what is right and what those before it left standing, and its robust accuracy is what is left of all
 * examples after it.
 */
function cascadeNumbers(before: readonly LineOutcomes[], line: LineOutcomes, right: readonly boolean[]): LineNumbers {
  const meets = right.map(
    (isRight, i) => isRight && i < limitOf(line) && !before.some((l) => reached(l, i, outcome.broken)),
  );
  const left = right.map(
    (isRight, i) => isRight && ![...before, line].some((earlier) => reached(earlier, i, outcome.broken)),
  );
  return {
    ...lineNumbers(line, meets),
    attempted: meets.filter(Boolean).length,
    robustAccuracy: proportion(left.filter(Boolean).length, right.length),
  };
}

/** So many examples from the first may be met. */
const limitOf = ({ line }: LineOutcomes): number => line.examples ?? Number.POSITIVE_INFINITY;

/** @param all whether each example was right at first; of those beyond the line's own limit nothing is counted */
function lineNumbers(line: LineOutcomes, all: readonly boolean[]): LineNumbers {
  const right = all.slice(0, limitOf(line));
  let beaten = 0;
  let standing = 0;
  const distances: number[] = [];
  for (let i = 0; i < right.length; i++) {
    if (!right[i]) continue;
    if (reached(line, i, outcome.beyond)) beaten++;
    if (!reached(line, i, outcome.broken)) standing++;
    for (let row = i * line.rowsPerExample; row < (i + 1) * line.rowsPerExample; row++) {
      if (line.code[row] !== outcome.held) distances.push(line.distance[row] as number);
    }
  }
  const rightCount = right.filter(Boolean).length;
  return {
    id: line.line.id,
    attempted: right.length,
    robustAccuracy: proportion(standing, right.length),
    successRate: proportion(beaten, rightCount),
    medianDistance: median(distances),
    pairs: line.line.targets === 'untargeted' ? null : countPairs(line, right.length),
  };
}

function countPairs({ code, rowsPerExample }: LineOutcomes, examples: number): Pairs {
  const attempted = examples * rowsPerExample;
  const successes = code.reduce((sum, ended) => sum + Number(ended !== outcome.held), 0);
  return { attempted, successes, successRate: proportion(successes, attempted) };
}
