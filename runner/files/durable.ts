/**
 * Writing a file so that a crash, a full disk or a power failure leaves either the old file or the new one, whole.
 */
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileError } from './file-error.ts';
import { makeFolder } from './make-folder.ts';

/** What is done to the disk; tests put faults here. */
export interface DurableDisk {
  open(path: string, flags: string): Promise<Pick<FileHandle, 'writeFile' | 'sync' | 'close'>>;
  rename(from: string, to: string): Promise<void>;
  rm(path: string): Promise<void>;
}

const disk: DurableDisk = { open, rename, rm: (path) => rm(path, { force: true }) };

/**
 * Replaces `path` by `bytes` in one step: a temporary file in the same folder, flushed, renamed, and the folder flushed.
 * Folders that are missing are made.
 * @throws ParapetError 'infrastructure' when the disk is full, read-only or failing; the old file is then as it was
 */
export async function writeDurable(path: string, bytes: Uint8Array | string, on: DurableDisk = disk): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    await makeFolder(folder);
    const file = await on.open(temporary, 'wx');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await on.rename(temporary, path);
    await syncFolder(folder, on);
  } catch (error) {
    await on.rm(temporary).catch(() => undefined);
    throw fileError('write', path, error);
  }
}

/** Makes a rename in a folder last; a system that cannot flush folders (Windows) is left to do it by itself. */
async function syncFolder(folder: string, on: DurableDisk): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await on.open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
