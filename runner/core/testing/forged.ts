/** Results for the tests of verification: an honest one, and what a forger makes of it. */
import { sha256 } from '../digest.ts';
import { type Evaluation, evaluate, type Workers } from '../evaluate.ts';
import { evidenceOf } from '../evidence/file.ts';
import { evidenceRoot } from '../evidence/records.ts';
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from '../models/safetensors.ts';
import { type Result, resultDigest } from '../result.ts';
import type { Subject } from '../verification/verify.ts';

const run = { date: '2026-01-01T00:00:00Z', seconds: 1, host: 'here', peakMemoryBytes: 1 };

/** An evaluation as it came out, ready to be verified. */
export async function honestSubject(
  evaluation: Evaluation,
  workers: Workers,
  model: Pick<Subject, 'examples' | 'classes' | 'classify' | 'certificate'>,
): Promise<Subject> {
  const { draft, evidence } = await evaluate(evaluation, workers);
  return {
    ...model,
    result: { ...draft, run },
    evidence,
    suite: evaluation.suite,
    submissionDigest: evaluation.submission.digest,
  };
}

/** Root over what the evidence says; that of an empty list where it says nothing. */
function rootOf(one: Subject): string {
  try {
    return evidenceRoot(evidenceOf(one.evidence, one), undefined);
  } catch {
    return sha256(new Uint8Array());
  }
}

/** A forger's work: changes the evidence and the result, and makes every digest fit again. */
export function forge(
  honest: Subject,
  change: (tensors: Map<string, StoredTensor>) => void,
  changes: Partial<Result> = {},
): Subject {
  const tensors = new Map(
    [...decodeSafetensors(honest.evidence).tensors].map(([name, t]) => [name, { ...t, data: t.data.slice() }]),
  );
  change(tensors as Map<string, StoredTensor>);
  const evidence = encodeSafetensors(Object.fromEntries(tensors), { format: 'parapet-evidence-1' });
  const forged = { ...honest.result, ...changes };
  const root = rootOf({ ...honest, evidence });
  const result = { ...forged, evidence: { ...forged.evidence, digest: sha256(evidence), root } };
  return { ...honest, evidence, result: { ...result, digest: resultDigest(result) } };
}
