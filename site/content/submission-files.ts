import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ParapetError } from '#core/errors.ts';
import { type SentSubmission, withoutReferences } from '#core/models/sent-model.ts';
import { sentSubmission, submittedFiles } from '#core/models/submitted-files.ts';
import type { Submission } from '#core/submission.ts';
import { submissionsFolder } from './folders.ts';

/**
 * At build time: the nets of a submission with their files, as they lie in the repository.
 * @returns null for one without weights
 * @throws ParapetError 'integrity' when they are not those that it declares
 */
export async function readNets(submission: Submission): Promise<SentSubmission | null> {
  const { files, mistakes } = await submittedFiles(submission, {
    read: async (name) => new Uint8Array(await readFile(join(submissionsFolder, submission.id, name))),
    sha256(parts) {
      const hash = createHash('sha256');
      for (const part of parts) hash.update(part);
      return hash.digest('hex');
    },
  });
  const [mistake] = mistakes;
  if (mistake !== undefined) {
    const field = mistake.path.map(String).join('.');
    throw new ParapetError('integrity', `submissions/${submission.id}: ${field}: ${mistake.message}`, mistake.hint);
  }
  const sent = sentSubmission(submission, files);
  // What the authors say of their nets was compared before they were evaluated.
  return sent && (withoutReferences(sent) as SentSubmission);
}
