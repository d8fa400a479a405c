import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Result } from '#core/result.ts';
import { fileError } from './file-error.ts';
import { sha256Of } from './sha256.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** What decides numbers; a change elsewhere does not make the code another. */
const deciding = ['runner', 'package.json', 'package-lock.json'];

/**
 * Which code this is: the commit (with `+changes` where files that decide numbers differ from it; `unknown` outside a
 * repository) and the SHA-256 of the lockfile.
 */
export async function codeIdentity(): Promise<Result['code']> {
  const path = `${root}package-lock.json`;
  const lockfile = await readFile(path).catch((error) => {
    throw fileError('read', path, error);
  });
  const lockfileDigest = sha256Of(lockfile);
  const head = await git('rev-parse', 'HEAD');
  if (head === null) return { commit: 'unknown', lockfileDigest };
  const changes = await git('status', '--porcelain', '--', ...deciding);
  return { commit: changes === '' ? head : `${head}+changes`, lockfileDigest };
}

async function git(...command: string[]): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)('git', ['-C', root, ...command]);
    return stdout.trim();
  } catch {
    return null;
  }
}
