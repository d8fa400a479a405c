import { distances } from '../metrics/judge.ts';
import { type LineOutcomes, outcome } from '../metrics/outcomes.ts';
import type { Norm } from '../projections.ts';
import type { EvidenceImage } from './images.ts';

/** Whether a row says something about the track's ball: it broke it, or came close while minimising in the track's norm. */
export function isEligible({ line, code }: LineOutcomes, row: number, norm: Norm): boolean {
  return code[row] === outcome.broken || (code[row] === outcome.beyond && (line.norm ?? norm) === norm);
}

/**
 * Smallest distance in the track's norm of each attacked example: of its stored image where there is one, else of what the
 * lines recorded; 0 for one that is wrong from the start, -1 where nothing broke it.
 *
 * @param best the stored images; `row` is the position among the attacked examples
 * @param limit so many examples from the first may have an image
 */
export function nearestDistances(
  right: readonly boolean[],
  lines: readonly LineOutcomes[],
  best: readonly EvidenceImage[],
  clean: (row: number) => Float32Array,
  { norm, epsilon }: { readonly norm: Norm; readonly epsilon: number },
  limit: number,
): Float64Array {
  const nearest = Float64Array.from(right, (isRight, i) => {
    if (!isRight) return 0;
    return i < limit ? -1 : smallestRecorded(lines, i, norm);
  });
  for (const { row, pixels } of best) {
    const distance = distances(clean(row), pixels, pixels.length, norm)[0] as number;
    const isBroken = lines.some((line) => hasCode(line, row, outcome.broken));
    nearest[row] = isBroken ? Math.min(distance, epsilon) : distance;
  }
  return nearest;
}

function smallestRecorded(lines: readonly LineOutcomes[], example: number, norm: Norm): number {
  let smallest = Number.POSITIVE_INFINITY;
  for (const line of lines) {
    for (let row = example * line.rowsPerExample; row < (example + 1) * line.rowsPerExample; row++) {
      if (isEligible(line, row, norm)) smallest = Math.min(smallest, line.trackDistance[row] as number);
    }
  }
  return Number.isFinite(smallest) ? smallest : -1;
}

function hasCode(line: LineOutcomes, example: number, code: number): boolean {
  const start = example * line.rowsPerExample;
  return line.code.subarray(start, start + line.rowsPerExample).includes(code);
}
