import { existsSync } from 'node:fs';
import type { Figure } from '#core/claims/claim.ts';
import type { Outcomes } from '#core/claims/experiment.ts';
import { evidenceTensors } from '#core/evidence/tensors.ts';
import type { Result } from '#core/result.ts';
import { readEvidence, readResult, resultPath } from './results.ts';

/** Our result for a figure of a paper. */
export interface MeasuredFigure {
  readonly path: string;
  readonly result: Result;
  readonly evidence: Outcomes;
}

/**
 * The result that a figure asks for: a published one first, else one in `out/`; null when there is neither.
 * @throws ParapetError 'integrity' for a result or evidence that was altered
 */
export async function findMeasured({ suite, track, submission }: Figure): Promise<MeasuredFigure | null> {
  for (const publish of [true, false]) {
    const path = resultPath({ suite, track, id: submission }, publish);
    if (!existsSync(path)) continue;
    const result = await readResult(path);
    return { path, result, evidence: Object.fromEntries(evidenceTensors(await readEvidence(path, result))) };
  }
  return null;
}
