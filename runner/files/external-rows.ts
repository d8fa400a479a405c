import { access } from 'node:fs/promises';
import { standings } from '#core/evidence/standing.ts';
import type { ExternalResult } from '#core/external-result.ts';
import { type Lowered, lowered } from '#core/metrics/lowered.ts';
import type { Result } from '#core/result.ts';
import { suites } from '#core/suites/index.ts';
import { loadDataset } from './datasets.ts';
import { readEvidence, readResult, resultPath } from './results.ts';

/** A published result of the defense that an external evaluation is of, and what the evaluation makes of it. */
export interface LoweredRow extends Lowered {
  readonly row: Result;
}

/**
 * What an external evaluation, by itself, does to the published results of its target as it is now.
 * @param confirmed positions in the test set whose image was confirmed
 */
export async function rowsLowered(
  { submission, track, dataset }: ExternalResult,
  confirmed: ReadonlySet<number>,
): Promise<LoweredRow[]> {
  const rows: LoweredRow[] = [];
  for (const suite of suites) {
    const path = resultPath({ suite: suite.id, track, id: submission.id }, true);
    if (
      !(await access(path).then(
        () => true,
        () => false,
      ))
    )
      continue;
    const row = await readResult(path);
    if (row.submission.digest !== submission.digest) continue;
    const { y } = await loadDataset(dataset.id, 'test');
    const ended = standings(await readEvidence(path, row), y);
    rows.push({ row, ...lowered(row, ended, [confirmed]) });
  }
  return rows;
}
