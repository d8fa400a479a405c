import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { Loader, LoaderContext } from 'astro/loaders';
import { ParapetError } from '#core/errors.ts';
import { readExternal } from './read-external.ts';
import { checkLog } from './read-log.ts';
import { readResult } from './read-result.ts';
import { type Declared, readDeclared } from './read-submission.ts';

/** The folder among the results that holds those of external evaluations. */
const externals = /^external\//;

/**
 * Every published result of a defense below a folder. The id is the path without its ending, `<suite>/<track>/<id>`, exactly: a
 * loader that makes addresses of file names would turn `mnist-linf-0.3` into `mnist-linf-03`.
 */
export function resultsLoader(folder: string): Loader {
  return {
    name: 'parapet-results',
    load: (context) =>
      reloading(context, folder, async () => {
        const files = (await filesBelow(folder)).filter((path) => path.endsWith('.json') && !externals.test(path));
        await fill(context, files, withoutEnding, (path) => readResult(folder, path));
        await readable(checkLog(folder, process.env['PARAPET_LOG_LINE']));
      }),
  };
}

/** Every published result of an external evaluation, by path: `external/<track>/<id>`. */
export function externalsLoader(folder: string): Loader {
  return {
    name: 'parapet-external-results',
    load: (context) =>
      reloading(context, folder, async () => {
        const files = (await filesBelow(folder)).filter((path) => path.endsWith('.json') && externals.test(path));
        await fill(context, files, withoutEnding, (path) => readExternal(folder, path));
      }),
  };
}

function withoutEnding(path: string): string {
  return path.replace(/\.json$/, '');
}

/** Every defense of a folder, by id. */
export function submissionsLoader(folder: string): Loader {
  return declaredLoader('parapet-submissions', folder, (one) => ('submission' in one ? one.submission : null));
}

/** Every external evaluation of a folder, by id. */
export function evaluationsLoader(folder: string): Loader {
  return declaredLoader('parapet-evaluations', folder, (one) => ('evaluation' in one ? one.evaluation : null));
}

/** @param take what is wanted of a manifest; null where it is of the other kind */
function declaredLoader(
  name: string,
  folder: string,
  take: (declared: Declared) => Record<string, unknown> | null,
): Loader {
  return {
    name,
    load: (context) =>
      reloading(context, folder, async () => {
        const files = (await filesBelow(folder)).filter((path) => /^[^/]+\/submission\.yaml$/.test(path));
        const idOf = (path: string) => path.replace(/\/.*$/, '');
        await fill(context, files, idOf, async (path) => take(await readDeclared(folder, idOf(path))));
      }),
  };
}

/** Paths below a folder, with forward slashes, sorted; none where there is no folder. */
async function filesBelow(folder: string): Promise<string[]> {
  if (!existsSync(folder)) return [];
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/')).sort();
}

async function fill(
  { store, parseData, generateDigest }: LoaderContext,
  files: readonly string[],
  idOf: (path: string) => string,
  read: (path: string) => Promise<Record<string, unknown> | null>,
): Promise<void> {
  store.clear();
  for (const path of files) {
    const id = idOf(path);
    const found = await readable(read(path));
    if (found === null) continue;
    const data = await parseData({ id, data: found });
    store.set({ id, data, digest: generateDigest(data) });
  }
}

/** Astro prints the message of an error and not its hint. */
async function readable<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof ParapetError && error.hint)
      throw new Error(`${error.message}; ${error.hint}`, { cause: error });
    throw error;
  }
}

/** Loads, and in `astro dev` loads again whenever something below the folder changes. */
async function reloading({ watcher, logger }: LoaderContext, folder: string, load: () => Promise<void>): Promise<void> {
  await load();
  watcher?.add(folder);
  watcher?.on('all', (_, path) => {
    if (path.startsWith(folder)) load().catch((error: Error) => logger.error(error.message));
  });
}
