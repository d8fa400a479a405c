/** Submissions on disk: hostile until parsed. Nothing in the folder is executed, and nothing outside it is read. */
import { constants } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { digestOf, sha256 } from '#core/digest.ts';
import { ParapetError } from '#core/errors.ts';
import type { Submission } from '#core/submission.ts';
import { errorCode, fileError } from './file-error.ts';
import { parseSubmission } from './submission-text.ts';

/** Weights of the largest net that is taken: GitHub refuses a larger file as well. */
const MOST_MODEL_BYTES = 100 * 1024 * 1024;
const MOST_MANIFEST_BYTES = 64 * 1024;
const LFS_POINTER = 'version https://git-lfs';

export interface ReadSubmission {
  readonly submission: Submission;
  readonly folder: string;
  /** SHA-256 over the manifest's canonical JSON with the digest of its model file. */
  readonly digest: string;
  /** The model file's bytes; null when the submission carries only a recipe. */
  readonly model: Uint8Array | null;
}

/**
 * @param path folder of a submission
 * @throws ParapetError 'submission' for whatever is wrong with it, 'usage' when there is no such folder
 */
export async function readSubmission(path: string): Promise<ReadSubmission> {
  const folder = resolve(path);
  const found = await lstat(folder).catch(() => null);
  if (!found?.isDirectory()) {
    throw new ParapetError('usage', `${path}: there is no such folder`, 'name the folder of a submission, such as submissions/Undefended');
  }
  const manifest = await readRegular(join(folder, 'submission.yaml'), MOST_MANIFEST_BYTES);
  const submission = parseSubmission(manifest, join(path, 'submission.yaml'));
  if (submission.id !== basename(folder)) {
    throw new ParapetError('submission', `id: '${submission.id}' in a folder named '${basename(folder)}'`, 'give both the same name');
  }
  const { file, sha256: wanted } = submission.model;
  const model = file === undefined ? null : await readRegular(join(folder, file), MOST_MODEL_BYTES);
  if (model === null && submission.recipe === undefined) {
    throw new ParapetError('submission', `${submission.id}: neither model.file nor a recipe`, 'name the weights under model.file, or add a recipe');
  }
  const modelDigest = model === null ? null : sha256(model);
  if (modelDigest !== null && wanted !== modelDigest) {
    const came = wanted ?? 'nothing';
    throw new ParapetError('submission', `model.sha256: ${came}; ${file} has ${modelDigest}`, 'correct model.sha256, or restore the file');
  }
  return { submission, folder, digest: digestOf({ manifest: submission, model: modelDigest }), model };
}

/** Reads a regular file, never through a link, and never more than the limit. */
async function readRegular(path: string, limit: number): Promise<Uint8Array> {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') throw new ParapetError('submission', `${path} is missing`, 'add it, or run train for the weights of a recipe');
    if (errorCode(error) === 'ELOOP') throw new ParapetError('submission', `${path} is a link`, 'put the file itself in its place');
    throw fileError('read', path, error);
  }
  try {
    const { size, ...stat } = await handle.stat();
    if ((stat.mode & constants.S_IFMT) !== constants.S_IFREG) throw new ParapetError('submission', `${path} is not a regular file`);
    if (size > limit) throw new ParapetError('submission', `${path} has ${size} bytes; wanted at most ${limit}`);
    const bytes = await handle.readFile();
    if (Buffer.from(bytes.subarray(0, LFS_POINTER.length)).toString('latin1') === LFS_POINTER) {
      throw new ParapetError('submission', `${path} is a Git LFS pointer, not the file`, "run 'git lfs pull', or commit the file itself");
    }
    return bytes;
  } finally {
    await handle.close();
  }
}
