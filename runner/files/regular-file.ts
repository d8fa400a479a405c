import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { ParapetError } from '#core/errors.ts';
import { errorCode, fileError } from './file-error.ts';

/** What the file begins with that Git LFS leaves in the place of a large one. */
export const LFS_POINTER = 'version https://git-lfs';

/**
 * Reads a file of a stranger: only an ordinary one, never through a link at its end, and never more than the limit.
 * @throws ParapetError 'submission' when it is missing, something else than a file, too large, or a Git LFS pointer
 */
export async function readRegularFile(path: string, limit: number): Promise<Uint8Array> {
  const handle = await openRegular(path);
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw refused(`${path} is not an ordinary file`, 'put the file itself in its place');
    if (stat.size > limit) throw refused(`${path} has ${stat.size} bytes; wanted at most ${limit}`);
    const bytes = new Uint8Array(stat.size);
    let position = 0;
    while (position < bytes.length) {
      const { bytesRead } = await handle.read(bytes, position, bytes.length - position, position);
      if (bytesRead === 0) throw refused(`${path} became shorter while it was read`, 'call again');
      position += bytesRead;
    }
    if (Buffer.from(bytes.subarray(0, LFS_POINTER.length)).toString('latin1') === LFS_POINTER) {
      throw refused(
        `${path} is a Git LFS pointer, not the file`,
        'run git lfs pull; to submit, commit the file itself',
      );
    }
    return bytes;
  } finally {
    await handle.close();
  }
}

/** O_NONBLOCK, because opening a pipe would wait for somebody to write to it. */
async function openRegular(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') throw refused(`${path} is missing`, 'add the file, or correct its name in submission.yaml');
    if (code === 'ELOOP') throw refused(`${path} is a link`, 'put the file itself in its place');
    if (code === 'ENXIO') throw refused(`${path} is not an ordinary file`, 'put the file itself in its place');
    throw fileError('read', path, error);
  }
}

function refused(message: string, hint?: string): ParapetError {
  return new ParapetError('submission', message, hint);
}
