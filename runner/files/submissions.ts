/** Submissions on disk: hostile until parsed. Nothing in the folder is executed, and nothing outside it is read. */
import { lstat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { digestOf } from '#core/digest.ts';
import { ParapetError } from '#core/errors.ts';
import type { SentSubmission } from '#core/models/sent-model.ts';
import { sentSubmission, submittedFiles } from '#core/models/submitted-files.ts';
import { digestedManifest, type Submission } from '#core/submission.ts';
import { submissionDigest } from '#core/submission-digest.ts';
import { readRegularFile } from './regular-file.ts';
import { sha256Of } from './sha256.ts';
import { type Manifest, MOST_MANIFEST_BYTES, type Placed, placeSubmission } from './submission-text.ts';

/** Weights of the largest net that is taken: git hosts refuse a larger file as well. */
const MOST_MODEL_BYTES = 100 * 1024 * 1024;

export const manifestName = 'submission.yaml';

export interface ReadSubmission {
  readonly submission: Submission;
  /** Absolute path. */
  readonly folder: string;
  /** What `submissionDigest` gives. */
  readonly digest: string;
  /** The same of the manifest alone. */
  readonly manifestDigest: string;
  /** SHA-256 of the model file; null without one, and of several nets, each of which has it in the manifest. */
  readonly weightsDigest: string | null;
  /** The nets with their files, to be opened; null when the submission carries only a recipe. */
  readonly sent: SentSubmission | null;
  /** Where in submission.yaml a mistake stands that was found later: a line for it. */
  readonly place: Placed<Submission>['place'];
}

/**
 * @param path folder of a submission
 * @throws ParapetError 'submission' for whatever is wrong with it, every mistake of the manifest at once; 'usage' when
 *   there is no such folder
 */
export async function readSubmission(path: string): Promise<ReadSubmission> {
  const { manifest: submission, place, folder } = await readManifest(path, placeSubmission);
  const { files, mistakes } = await submittedFiles(submission, {
    read: (name) => readRegularFile(join(path, name), MOST_MODEL_BYTES),
    sha256: (parts) => sha256Of(...parts),
  });
  if (mistakes.length > 0) {
    throw new ParapetError('submission', mistakes.map(place).join('\n'), mistakes[0]?.hint);
  }
  return {
    submission,
    folder,
    digest: submissionDigest(submission),
    manifestDigest: digestOf(digestedManifest(submission)),
    weightsDigest: submission.model?.sha256 ?? null,
    sent: sentSubmission(submission, files),
    place,
  };
}

/**
 * Reads what a folder declares.
 * @param parse the bytes of submission.yaml, given its name for messages
 * @returns the manifest, and the absolute path of the folder
 * @throws ParapetError as `readSubmission`
 */
export async function readManifest<T extends Manifest>(
  path: string,
  parse: (bytes: Uint8Array, name: string) => Placed<T>,
): Promise<Placed<T> & { folder: string }> {
  const folder = resolve(path);
  const found = await lstat(folder).catch(() => null);
  if (!found?.isDirectory()) {
    const what = found === null ? 'there is no such folder' : 'is not a folder';
    throw new ParapetError(
      'usage',
      `${path}: ${what}`,
      'name the folder of a submission, such as submissions/Undefended',
    );
  }
  const file = join(path, manifestName);
  const { manifest, place } = parse(await readRegularFile(file, MOST_MANIFEST_BYTES), file);
  if (manifest.id !== basename(folder)) {
    throw new ParapetError(
      'submission',
      `${file}: id is '${manifest.id}', and the folder is named '${basename(folder)}'`,
      'give both the same name',
    );
  }
  return { manifest, place, folder };
}
