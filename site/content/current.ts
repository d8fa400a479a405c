import { digestOf } from '#core/digest.ts';
import type { Result } from '#core/result.ts';
import { digestedManifest, type Submission } from '#core/submission.ts';

/** What a result says of the submission that it is of: a digest of the manifest, defaults filled in and without a withdrawal, and of its weights. */
export function submissionDigest(submission: Submission): string {
  return digestOf({ manifest: digestedManifest(submission), model: submission.model.sha256 ?? null });
}

/** Whether a result is of the submission as it is now. */
export function isCurrent(result: Result, submission: Submission): boolean {
  return result.submission.digest === submissionDigest(submission);
}
