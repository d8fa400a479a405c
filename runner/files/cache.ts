import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { ParapetError } from '#core/errors.ts';

/**
 * Folder for everything that can be fetched or built again: data sets, the native backend, training checkpoints.
 * `PARAPET_CACHE_DIR` decides, else `$XDG_CACHE_HOME/parapet`, else `~/.cache/parapet`. It may not exist yet.
 * @throws ParapetError 'infrastructure' where none of them says where
 */
export function cacheDirectory(): string {
  const own = process.env.PARAPET_CACHE_DIR;
  if (own) return own;
  return join(process.env.XDG_CACHE_HOME || join(home(), '.cache'), 'parapet');
}

/** Without a name in HOME, the system is asked; it may not know this user either. */
function home(): string {
  let folder = '';
  try {
    folder = homedir();
  } catch {}
  if (isAbsolute(folder)) return folder;
  throw new ParapetError(
    'infrastructure',
    'there is no home folder to put the cache into',
    'name a folder: PARAPET_CACHE_DIR=FOLDER',
  );
}
