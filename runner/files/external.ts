/** External evaluations on disk: hostile until parsed, as submissions are. */
import { access } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findDataset } from '#core/datasets/index.ts';
import { digestOf } from '#core/digest.ts';
import { ParapetError } from '#core/errors.ts';
import { decodeExamples, type ExternalExamples } from '#core/external/examples.ts';
import type { ExternalEvaluation } from '#core/external-evaluation.ts';
import { findTrack, type Track } from '#core/tracks.ts';
import { readRegularFile } from './regular-file.ts';
import { sha256Of } from './sha256.ts';
import { isExternal, type Manifest, placeEither } from './submission-text.ts';
import { manifestName, type ReadSubmission, readManifest, readSubmission } from './submissions.ts';

/** Git hosts refuse a larger file; 10,000 images of CIFAR-10 as U8 take a third of it. */
const MOST_EXAMPLE_BYTES = 100 * 1024 * 1024;

const published = fileURLToPath(new URL('../../submissions/', import.meta.url));

export interface ReadExternal {
  readonly evaluation: ExternalEvaluation;
  readonly track: Track;
  /** Absolute path. */
  readonly folder: string;
  /** SHA-256 over the canonical JSON of the manifest, defaults filled in, and of the digest of the examples. */
  readonly digest: string;
  readonly examples: ExternalExamples;
  /** The defense that they are of. */
  readonly target: ReadSubmission;
}

/** Whether a folder declares an external evaluation. @throws ParapetError as `readManifest` */
export async function isExternalFolder(path: string): Promise<boolean> {
  return isExternal((await readManifest<Manifest>(path, placeEither)).manifest);
}

/**
 * Reads an external evaluation with its examples and with the defense that it is of: the one in the folder beside it, else the
 * published one.
 * @param path its folder
 * @throws ParapetError 'submission' for whatever is wrong with it; 'usage' when there is no such folder
 */
export async function readExternal(path: string): Promise<ReadExternal> {
  const { manifest: evaluation, folder } = await readManifest<Manifest>(path, placeEither);
  const name = join(path, manifestName);
  if (!isExternal(evaluation)) {
    throw new ParapetError('submission', `${name}: is a defense; wanted an external evaluation`);
  }
  const { file, sha256 } = evaluation.examples;
  const bytes = await readRegularFile(join(path, file), MOST_EXAMPLE_BYTES);
  const found = sha256Of(bytes);
  if (found !== sha256) {
    throw new ParapetError(
      'submission',
      `${name}: examples.sha256 is ${sha256}, and ${file} has ${found}`,
      'if the file is as you meant it, write its SHA-256; else restore the file',
    );
  }
  const track = findTrack(evaluation.of.track);
  const target = await readTarget(folder, name, evaluation);
  const [dataset] = target.submission.datasets;
  if (dataset !== track.dataset) {
    throw new ParapetError(
      'submission',
      `${name}: of.track: ${track.id} is of ${track.dataset}; ${target.submission.id} is a defense of ${dataset}`,
    );
  }
  return {
    evaluation,
    track,
    folder,
    digest: digestOf({ manifest: evaluation, examples: found }),
    examples: decodeExamples(bytes, findDataset(track.dataset)),
    target,
  };
}

async function readTarget(folder: string, name: string, { of }: ExternalEvaluation): Promise<ReadSubmission> {
  for (const parent of [dirname(folder), published]) {
    const path = join(parent, of.submission);
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    )
      return readSubmission(path);
  }
  throw new ParapetError(
    'submission',
    `${name}: of.submission: there is no '${of.submission}', neither beside it nor in submissions/`,
    'name a row of the board',
  );
}
