import { digestOf } from './digest.ts';
import { digestedManifest, type Submission } from './submission.ts';

/**
 * SHA-256 over the canonical JSON of a manifest, defaults filled in and without a withdrawal, and of the digest of its model file. Whatever other files there are
 * stand in the manifest with their digests, and so does the model file, which is named twice for the sake of results that are published.
 */
export function submissionDigest(submission: Submission): string {
  return digestOf({ manifest: digestedManifest(submission), model: submission.model?.sha256 ?? null });
}
