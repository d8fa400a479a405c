import type { Result } from '#core/result.ts';
import type { Submission } from '#core/submission.ts';
import { submissionDigest } from '#core/submission-digest.ts';

/** Whether a result is of the submission as it is now. */
export function isCurrent(result: Result, submission: Submission): boolean {
  return result.submission.digest === submissionDigest(submission);
}
