/** Submissions on disk: hostile until parsed. Nothing in the folder is executed, and nothing outside it is read. */
import { createHash } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { digestOf } from '#core/digest.ts';
import { ParapetError } from '#core/errors.ts';
import type { Submission } from '#core/submission.ts';
import { readRegularFile } from './regular-file.ts';
import { MOST_MANIFEST_BYTES, parseSubmission } from './submission-text.ts';

/** Weights of the largest net that is taken: git hosts refuse a larger file as well. */
const MOST_MODEL_BYTES = 100 * 1024 * 1024;

export const manifestName = 'submission.yaml';

export interface ReadSubmission {
  readonly submission: Submission;
  /** Absolute path. */
  readonly folder: string;
  /** SHA-256 over the canonical JSON of the manifest, defaults filled in, and of the digest of its model file. */
  readonly digest: string;
  /** The same of the manifest alone. */
  readonly manifestDigest: string;
  /** SHA-256 of the model file; null without one. */
  readonly weightsDigest: string | null;
  /** The bytes of the model file; null when the submission carries only a recipe. */
  readonly model: Uint8Array | null;
}

/**
 * @param path folder of a submission
 * @throws ParapetError 'submission' for whatever is wrong with it, every mistake of the manifest at once; 'usage' when
 *   there is no such folder
 */
export async function readSubmission(path: string): Promise<ReadSubmission> {
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
  const manifest = join(path, manifestName);
  const submission = parseSubmission(await readRegularFile(manifest, MOST_MANIFEST_BYTES), manifest);
  if (submission.id !== basename(folder)) {
    throw new ParapetError(
      'submission',
      `${manifest}: id is '${submission.id}', and the folder is named '${basename(folder)}'`,
      'give both the same name',
    );
  }
  const model = await readModel(path, submission);
  const weightsDigest = model === null ? null : digestOfBytes(model);
  const digest = digestOf({ manifest: submission, model: weightsDigest });
  return { submission, folder, digest, manifestDigest: digestOf(submission), weightsDigest, model };
}

async function readModel(path: string, { model: { file, sha256 } }: Submission): Promise<Uint8Array | null> {
  if (file === undefined) return null;
  const bytes = await readRegularFile(join(path, file), MOST_MODEL_BYTES);
  const digest = digestOfBytes(bytes);
  if (digest === sha256) return bytes;
  throw new ParapetError(
    'submission',
    `${join(path, manifestName)}: model.sha256 is ${sha256}, and ${file} has ${digest}`,
    'if the file is as you meant it, write its SHA-256; else restore the file',
  );
}

function digestOfBytes(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
