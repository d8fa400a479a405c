import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Folder for everything that can be fetched or built again: data sets, the native backend, training checkpoints.
 * `PARAPET_CACHE_DIR` decides, else `$XDG_CACHE_HOME/parapet`, else `~/.cache/parapet`. It may not exist yet.
 */
export function cacheDirectory(): string {
  const own = process.env.PARAPET_CACHE_DIR;
  if (own) return own;
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'parapet');
}
