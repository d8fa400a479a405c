import { createRequire } from 'node:module';

const shims = {
  isNullOrUndefined: (value: unknown): boolean => value === null || value === undefined,
  isArray: (value: unknown): boolean => Array.isArray(value),
};

/**
 * Puts back the functions of `node:util` that tfjs-node 4.22.0 calls and Node 23 removed
 * (`util.isNullOrUndefined`, `util.isArray`), and takes the place of the deprecated ones before that, which would warn.
 * Call it before any of tfjs-node's files is loaded.
 */
export function restoreRemovedUtilities(): void {
  // The namespace object of an ES import is frozen; the one that `require` gives is the live module.
  Object.assign(createRequire(import.meta.url)('node:util') as object, shims);
}
