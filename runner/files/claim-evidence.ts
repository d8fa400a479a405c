/** Evidence of published results, for experiments that count it in another way. */
import type { EvidenceWanted, Outcomes } from '#core/claims/experiment.ts';
import { evidenceTensors } from '#core/evidence/tensors.ts';
import { readEvidence, readResult, resultPath } from './results.ts';

interface ReadyEvidence {
  readonly tensors: Outcomes;
  /** SHA-256 of the file. */
  readonly sha256: string;
}

/** @throws ParapetError 'integrity' for a file that was altered, 'infrastructure' for one that is not there */
export async function claimEvidence(wanted: readonly EvidenceWanted[]): Promise<ReadonlyMap<string, ReadyEvidence>> {
  const ready = new Map<string, ReadyEvidence>();
  for (const { id, suite, track, submission } of wanted) {
    const path = resultPath({ suite, track, id: submission }, true);
    const result = await readResult(path);
    const tensors = Object.fromEntries(evidenceTensors(await readEvidence(path, result)));
    ready.set(id, { tensors, sha256: result.evidence.digest });
  }
  return ready;
}
