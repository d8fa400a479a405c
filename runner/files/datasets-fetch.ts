import { mkdir, rename, rm, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Dataset, DatasetFile } from '#core/datasets/dataset.ts';
import { ParapetError } from '#core/errors.ts';
import { inspectFile } from './datasets-inspect.ts';
import type { FetchContext, Source } from './datasets-source.ts';
import { sourcesOf } from './datasets-sources.ts';
import { fileError } from './file-error.ts';
import { throwIfInterrupted } from './interrupted.ts';
import { withLock } from './lock.ts';

/**
 * Fetches what is missing of a data set: from the first of its sources that gives files with the right SHA-256.
 * Files reach `folder` by a rename after they were verified, so that there is never a half one; a second process waits.
 * @throws ParapetError 'infrastructure' that says of every source why it failed
 */
export async function fetchDataset(
  dataset: Dataset,
  folder: string,
  context: FetchContext,
  sources: readonly Source[] = sourcesOf(dataset.id),
): Promise<void> {
  const { signal, tell } = context;
  const onWait = (owner: string) => tell(`waiting for ${owner}, which is fetching ${dataset.name}`);
  await withLock(`${folder}.lock`, () => fetchMissing(dataset, folder, context, sources), { onWait, signal });
}

async function fetchMissing(dataset: Dataset, folder: string, context: FetchContext, sources: readonly Source[]) {
  const missing = await filesNotWhole(dataset, folder);
  if (missing.length === 0) return;
  const failures: string[] = [];
  for (const source of sources.filter(({ available }) => available?.() !== false)) {
    throwIfInterrupted(context.signal);
    const staging = join(dirname(folder), `.${basename(folder)}.fetching`);
    try {
      await rm(staging, { recursive: true, force: true });
      await mkdir(staging, { recursive: true });
      await requireRoom(staging, source);
      context.tell(`fetching ${dataset.name} (${Math.round(source.megabytes)} MB) from ${source.name}`);
      await source.fetch(staging, missing, context);
      await requireWhole(staging, missing);
      await mkdir(folder, { recursive: true });
      for (const { name } of missing) await rename(join(staging, name), join(folder, name));
      return;
    } catch (thrown) {
      const error = fileError('write', staging, thrown);
      throwIfInterrupted(context.signal);
      if (!(error instanceof ParapetError) || error.kind === 'interrupted' || isDisk(error)) throw error;
      failures.push(`${source.name}: ${reason(error)}`);
    } finally {
      await rm(staging, { recursive: true, force: true }).catch(() => undefined);
    }
  }
  throw new ParapetError(
    'infrastructure',
    `${dataset.name} could not be fetched:\n${failures.map((failure) => `  ${failure}`).join('\n')}`,
    `check the network, or put the files into a folder and name it: PARAPET_DATA_DIR=FOLDER (with FOLDER/${dataset.id}/${missing[0]?.name})`,
  );
}

async function filesNotWhole(dataset: Dataset, folder: string): Promise<DatasetFile[]> {
  const missing: DatasetFile[] = [];
  for (const file of [...dataset.files.train, ...dataset.files.test]) {
    if ((await inspectFile(folder, file)).state !== 'whole') missing.push(file);
  }
  return missing;
}

async function requireWhole(folder: string, files: readonly DatasetFile[]): Promise<void> {
  for (const file of files) {
    const found = await inspectFile(folder, file);
    const how = found.state === 'damaged' ? found.how : 'it is not there';
    if (found.state !== 'whole') throw new ParapetError('integrity', `${file.name}: ${how}`);
  }
}

/** A disk that is full before anything is fetched is said in a sentence, not in the words of npm or tar. */
async function requireRoom(folder: string, source: Source): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = (bavail * bsize) / 1e6;
  if (free < source.roomMegabytes)
    throw full(folder, `${Math.floor(free)} MB are free, ${source.roomMegabytes} are needed`);
}

function full(folder: string, how: string): ParapetError {
  const hint = 'make room, or point PARAPET_CACHE_DIR at a larger disk';
  return new ParapetError('infrastructure', `${folder}: the disk is full: ${how}`, hint);
}

/** What a program said, without what only its authors need. */
function reason(error: ParapetError): string {
  const lines = error.message.split('\n').filter((line) => !/complete log|npm error (code|errno|syscall)/.test(line));
  return lines.map((line) => line.replace(/^npm error /, '')).join('\n    ');
}

/** Whether another source would fail for the same reason. */
function isDisk(error: ParapetError): boolean {
  return /disk is (full|read-only)|permission denied|ENOSPC/i.test(error.message);
}
