import type { Proportion, Result } from '../result.ts';
import type { Track } from '../tracks.ts';
import { curve } from './curve.ts';
import { median } from './median.ts';
import { type LineOutcomes, type Outcomes, outcome, reached, rightAtFirst } from './outcomes.ts';
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

/**
 * Counts every number of a result from the outcomes.
 * @param headline id of the line whose pairs are the result's
 */
export function recount(outcomes: Outcomes, track: Track, headline: string | undefined): Numbers {
  const right = rightAtFirst(outcomes);
  const lines = outcomes.lines.map((line) => lineNumbers(line, right));
  const scanned = outcomes.predictions.length;
  const rightOfScanned = outcomes.predictions.reduce((sum, p, i) => sum + Number(p === outcomes.y[i]), 0);
  const standing = right.filter((isRight, i) => isRight && !outcomes.lines.some((l) => reached(l, i, outcome.broken)));
  return {
    examples: right.length,
    cleanAccuracy: proportion(rightOfScanned, scanned),
    robustAccuracy: proportion(standing.length, right.length),
    pairs: lines.find((line) => line.id === headline)?.pairs ?? null,
    curve: curve(right, outcomes.nearest, track.epsilon),
    lines,
  };
}

function lineNumbers(line: LineOutcomes, right: readonly boolean[]): LineNumbers {
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
    pairs: line.line.targets === 'untargeted' ? null : countPairs(line),
  };
}

function countPairs(line: LineOutcomes): Pairs {
  const successes = line.code.reduce((sum, code) => sum + Number(code !== outcome.held), 0);
  return {
    attempted: line.code.length,
    successes,
    successRate: proportion(successes, line.code.length),
  };
}
