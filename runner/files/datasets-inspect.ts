import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { DatasetFile } from '#core/datasets/dataset.ts';
import { errorCode, fileError } from './file-error.ts';
import { sha256Of } from './sha256.ts';

/** What is the matter with a file: it is as it should be, not there, or something else than it should be. */
export type FileState =
  | { readonly state: 'whole'; readonly bytes: Uint8Array }
  | { readonly state: 'missing' }
  | { readonly state: 'damaged'; readonly how: string };

/**
 * Reads a file of a data set and holds it against length and SHA-256 of its definition.
 * @param packed take `<name>.gz` where the file itself is not there
 * @throws ParapetError 'infrastructure' when it cannot be read
 */
export async function inspectFile(folder: string, file: DatasetFile, packed = false): Promise<FileState> {
  const path = join(folder, file.name);
  const plain = await readIfPresent(path);
  if (plain !== null) return verify(plain, file);
  const gzip = packed ? await readIfPresent(`${path}.gz`) : null;
  if (gzip === null) return { state: 'missing' };
  try {
    return verify(gunzipSync(gzip, { maxOutputLength: file.bytes }), file);
  } catch {
    return { state: 'damaged', how: `${file.name}.gz does not unpack to ${file.bytes} bytes` };
  }
}

function verify(bytes: Uint8Array, file: DatasetFile): FileState {
  if (bytes.length !== file.bytes) return { state: 'damaged', how: `${bytes.length} bytes, wanted ${file.bytes}` };
  const digest = sha256Of(bytes);
  if (digest !== file.sha256) return { state: 'damaged', how: `SHA-256 ${digest}, wanted ${file.sha256}` };
  return { state: 'whole', bytes };
}

async function readIfPresent(path: string): Promise<Uint8Array | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw fileError('read', path, error);
  }
}
