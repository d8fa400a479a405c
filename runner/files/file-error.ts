import { ParapetError } from '#core/errors.ts';

const causes: Readonly<Record<string, readonly [message: string, hint: string]>> = {
  ENOSPC: ['the disk is full', 'make room and call again; what was there before is untouched'],
  EDQUOT: ['your share of the disk is used up', 'make room and call again; what was there before is untouched'],
  EFBIG: ['it is larger than a file may be here', 'raise the limit on file sizes (ulimit -f) and call again'],
  EROFS: ['the disk is read-only', 'choose a folder that can be written to'],
  EACCES: ['permission denied', 'check who owns the folder, or choose another'],
  EPERM: ['not permitted', 'check who owns the folder, or choose another'],
  EIO: ['the disk reports an error', 'look at the log of the system; the disk may be failing'],
  EMFILE: ['too many files are open', 'raise the limit on open files (ulimit -n) and call again'],
  ENFILE: ['too many files are open on this machine', 'close other programs and call again'],
  ENOTDIR: ['a file stands where a folder is wanted', 'choose another path'],
  EEXIST: ['a file stands where a folder is wanted', 'choose another path'],
  EISDIR: ['a folder stands where a file is wanted', 'choose another path'],
  ENAMETOOLONG: ['the name is too long', 'choose a shorter path'],
  ENOENT: ['there is no such file or folder', 'check the path'],
};

/** The code of a failed system call, such as ENOENT; undefined for any other error. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}

/**
 * @param doing what was tried: 'write', 'read', …
 * @param path on what
 * @param error what the system threw
 * @returns a ParapetError 'infrastructure' that says it in a sentence; the error itself when it is none of the system's
 */
export function fileError(doing: string, path: string, error: unknown): unknown {
  const code = errorCode(error);
  if (error instanceof ParapetError || code === undefined || !/^E[A-Z0-9]+$/.test(code)) return error;
  const [message, hint] = causes[code] ?? [(error as Error).message, undefined];
  return new ParapetError('infrastructure', `cannot ${doing} ${path}: ${message} (${code})`, hint, { cause: error });
}
