import { ParapetError } from '#core/errors.ts';
import { type ExternalVerification, verifyExternal } from '#core/external/verify.ts';
import type { ExternalResult } from '#core/external-result.ts';
import { readExternal } from '../files/external.ts';
import { readExternalResult } from '../files/external-results.ts';
import { checkPublication } from '../files/publications.ts';
import { readEvidence } from '../files/results.ts';
import { classifyOn, externalJob } from './external-job.ts';
import type { WorkerBackend } from './messages.ts';
import { withPool } from './session.ts';
import { independentOf, type VerifyOptions } from './verify-result.ts';

export interface VerifiedExternal extends ExternalVerification {
  readonly result: ExternalResult;
  /** Backend that looked at the images. */
  readonly backend: WorkerBackend;
}

/**
 * Checks the result of an external evaluation against its evidence, what was handed in, the defense and the data set.
 * @param options.folder of the external evaluation
 * @throws ParapetError 'integrity' when the file itself or its evidence was altered; 'usage' or 'submission' when the evaluation or
 *   the defense is not there to be compared with
 */
export async function verifyExternalResult(
  path: string,
  { folder, onProgress, ...options }: Omit<VerifyOptions, 'own'>,
): Promise<VerifiedExternal> {
  const result = await readExternalResult(path);
  const evidence = await readEvidence(path, result);
  const read = await readExternal(folder);
  const { evaluation, track, target, examples: handedIn, digest } = read;
  for (const [field, recorded, here] of [
    ['evaluation.id', result.evaluation.id, evaluation.id],
    ['submission.id', result.submission.id, target.submission.id],
    ['track', result.track, track.id],
  ]) {
    if (recorded === here) continue;
    throw new ParapetError('integrity', `${path}: ${field}: ${recorded}; ${folder} says ${here}`);
  }
  const backend = options.backend ?? independentOf(result.backend.name);
  return withPool({ ...options, backend }, async (pool) => {
    const judging = await externalJob(read, options.signal);
    let done = 0;
    const classify = classifyOn(
      async () => pool,
      judging,
      (count) => {
        done += count;
        onProgress?.(done / handedIn.index.length);
      },
    );
    const { examples, by } = judging;
    const digests = { evaluation: digest, submission: target.digest };
    const subject = { result, evidence, track, handedIn, digests, examples, classes: by.classes, classify };
    const verification = await verifyExternal(subject);
    const published = await checkPublication(path, result);
    const findings = [...verification.findings, ...(published ? [{ field: 'log', message: published }] : [])];
    return { ...verification, findings, result, backend };
  });
}
