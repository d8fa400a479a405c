/**
 * Data sets on disk: fetched once into the cache, verified by SHA-256 each time they are read.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset, DatasetFile, Examples, Split } from '#core/datasets/dataset.ts';
import { findDataset, splitDigest } from '#core/datasets/index.ts';
import { ParapetError } from '#core/errors.ts';
import { cacheDirectory } from './cache.ts';
import { fetchDataset } from './datasets-fetch.ts';
import { inspectFile } from './datasets-inspect.ts';
import { fileError } from './file-error.ts';

export interface LoadOptions {
  /** At most so many examples from the start of the split. */
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told what happens beside the reading: a download, a damaged file. Without it a line on stderr. */
  readonly onMessage?: ((message: string) => void) | undefined;
}

/** Folder of a data set in the cache. */
export function cachedFolder(id: string): string {
  return join(cacheDirectory(), 'data', id);
}

/** Folder of the user's own files, where `PARAPET_DATA_DIR` names one: read, never written. */
function ownFolder(id: string): string | null {
  return process.env.PARAPET_DATA_DIR ? join(process.env.PARAPET_DATA_DIR, id) : null;
}

/**
 * Reads one split of a data set, and fetches what is missing.
 * @returns the examples in file order, and the digest of the files they come from
 * @throws ParapetError 'usage' for an unknown id or a limit below 1, 'infrastructure' when it cannot be had,
 *   'integrity' for a damaged file in `PARAPET_DATA_DIR`
 */
export async function loadDataset(
  id: string,
  split: Split,
  options: LoadOptions = {},
): Promise<Examples & { readonly digest: string }> {
  const dataset = findDataset(id);
  const { limit } = options;
  if (limit !== undefined && (!Number.isInteger(limit) || limit < 1)) {
    throw new ParapetError('usage', `examples: ${limit}; wanted a whole number from 1 to ${dataset.counts[split]}`);
  }
  const files: Uint8Array[] = [];
  for (const file of dataset.files[split]) files.push(await readVerified(dataset, file, options));
  return { ...dataset.decode(files, split, limit), digest: splitDigest(dataset, split) };
}

/** Sees to it that all files of a data set, both splits, are there and whole. */
export async function ensureDataset(id: string, options: LoadOptions = {}): Promise<void> {
  const dataset = findDataset(id);
  for (const file of allFiles(dataset)) await readVerified(dataset, file, options);
}

/** What is on disk, without fetching anything. */
export async function inspectDataset(
  id: string,
): Promise<{ folder: string; whole: number; damaged: string[]; of: number }> {
  const dataset = findDataset(id);
  const folder = ownFolder(id) ?? cachedFolder(id);
  const damaged: string[] = [];
  let whole = 0;
  for (const file of allFiles(dataset)) {
    const found = await inspectFile(folder, file, ownFolder(id) !== null);
    if (found.state === 'whole') whole++;
    else if (found.state === 'damaged') damaged.push(file.name);
  }
  return { folder, whole, damaged, of: allFiles(dataset).length };
}

function allFiles({ files }: Dataset): DatasetFile[] {
  return [...files.train, ...files.test];
}

async function readVerified(dataset: Dataset, file: DatasetFile, options: LoadOptions): Promise<Uint8Array> {
  const own = ownFolder(dataset.id);
  if (own !== null) return readOwn(own, file);
  const folder = cachedFolder(dataset.id);
  const path = join(folder, file.name);
  const tell = options.onMessage ?? ((message) => process.stderr.write(`${message}\n`));
  const found = await inspectFile(folder, file, false);
  if (found.state === 'whole') return found.bytes;
  if (found.state === 'damaged') {
    tell(`${path} is damaged: ${found.how}; fetching it again`);
    await rm(path, { force: true }).catch((error) => {
      throw fileError('remove', path, error);
    });
  }
  await fetchDataset(dataset, folder, { signal: options.signal, tell });
  const fetched = await inspectFile(folder, file, false);
  if (fetched.state === 'whole') return fetched.bytes;
  const how = fetched.state === 'damaged' ? fetched.how : 'it is not there';
  throw new ParapetError(
    'infrastructure',
    `${path} was fetched and verified, and now ${how}`,
    'the disk may be failing',
  );
}

async function readOwn(folder: string, file: DatasetFile): Promise<Uint8Array> {
  const found = await inspectFile(folder, file, true);
  if (found.state === 'whole') return found.bytes;
  const path = join(folder, file.name);
  const hint = `PARAPET_DATA_DIR is read only, never written: mend the file, or unset PARAPET_DATA_DIR to have it fetched`;
  if (found.state === 'missing')
    throw new ParapetError('infrastructure', `${path}: there is no such file, nor with .gz`, hint);
  throw new ParapetError('integrity', `${path} is damaged: ${found.how}`, hint);
}
