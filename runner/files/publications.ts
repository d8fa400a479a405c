/** Publications on disk: results below a folder, and the log there that names each of them. */
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { ParapetError } from '#core/errors.ts';
import type { ExternalResult } from '#core/external-result.ts';
import {
  addToLog,
  checkAllPublished,
  checkPublished,
  type Log,
  lineWith,
  logName,
  type Publication,
  parseLog,
  publicationOf,
} from '#core/publication-log.ts';
import type { Result } from '#core/result.ts';
import { writeDurable } from './durable.ts';
import { readExternalResult, writeExternalResult } from './external-results.ts';
import { errorCode, fileError } from './file-error.ts';
import { withLock } from './lock.ts';
import { readEvidence, readResult, writeResult } from './results.ts';

/** Path of a result below the folder of the results: its identity. */
function identityOf(result: Result | ExternalResult): string {
  if ('evaluation' in result) return `external/${result.track}/${result.evaluation.id}.json`;
  const { suite, track, submission } = result;
  return `${suite.id}/${track}/${submission.id}.json`;
}

/** `writeResult` for a result that is published: its folder's log says so too. */
export async function publishResult(
  path: string,
  result: Result,
  evidence: Uint8Array,
  note: (message: string) => void,
): Promise<void> {
  const { digest, run } = result;
  const publication = { path: identityOf(result), digest, date: run.date };
  await publish(dirname(dirname(dirname(resolve(path)))), publication, () => writeResult(path, result, evidence), note);
}

/** The same of the result of an external evaluation. */
export async function publishExternal(
  path: string,
  result: ExternalResult,
  evidence: Uint8Array,
  note: (message: string) => void,
): Promise<void> {
  const publication = { path: identityOf(result), digest: result.digest, date: result.run.date };
  const write = () => writeExternalResult(path, result, evidence);
  await publish(dirname(dirname(dirname(resolve(path)))), publication, write, note);
}

/**
 * Writes a result of any kind, and adds it to the log, while nobody else does. A crash in between leaves a result that the log does
 * not name, or evidence that is not its result's; both are refused by every reader, and publishing again completes them.
 * @param folder of all results
 * @param write writes the files
 * @param note told when another process holds the log
 * @throws ParapetError 'integrity' when the log does not hold together; nothing is written then
 */
async function publish(
  folder: string,
  publication: Publication,
  write: () => Promise<void>,
  note: (message: string) => void,
): Promise<void> {
  const log = join(folder, logName);
  const onWait = (owner: string) => note(`${owner} is at work on ${log}; waiting for it`);
  await withLock(
    `${log}.lock`,
    async () => {
      const text = addToLog(await readLogText(folder), publication, log);
      await write();
      await writeDurable(log, text);
    },
    { onWait },
  );
}

/** @returns the log of a folder; empty where there is none @throws ParapetError 'integrity' when it does not hold together */
export async function readLog(folder: string): Promise<Log> {
  return parseLog(await readLogText(folder), join(folder, logName));
}

async function readLogText(folder: string): Promise<string> {
  const path = join(folder, logName);
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return '';
    throw fileError('read', path, error);
  }
}

/**
 * Holds every result below a folder against the log there.
 * @returns the log, and what does not fit, a sentence each
 * @throws ParapetError 'integrity' for a log, a result or evidence that was altered
 */
export async function checkPublications(folder: string): Promise<{ log: Log; problems: string[] }> {
  const log = await readLog(folder);
  return { log, problems: checkAllPublished(log, await readPublications(folder), join(folder, logName)) };
}

/**
 * Adds to the log, in the order of their dates, the results that it does not name: those that came by another way than
 * `--publish`, and those of a publication that was cut off.
 * @returns the paths that were added
 * @throws ParapetError 'integrity' when one of them is older than the last of its path that was published
 */
export async function addUnpublished(folder: string): Promise<string[]> {
  const name = join(folder, logName);
  return withLock(`${name}.lock`, async () => {
    let text = await readLogText(folder);
    const log = parseLog(text, name);
    const published = await readPublications(folder);
    const unsaid = published.filter((publication) => checkPublished(log, publication, name) !== null);
    for (const { path, date } of unsaid) {
      const last = log.last.get(path);
      if (last === undefined || Date.parse(last.date) < Date.parse(date)) continue;
      throw new ParapetError(
        'integrity',
        `${join(folder, path)} is of ${date}, and ${name}:${last.index + 1} says that one of ${last.date} was published`,
        'an older result does not replace a newer one: restore that from git',
      );
    }
    const inOrder = unsaid.sort((a, b) => Date.parse(a.date) - Date.parse(b.date) || (a.path < b.path ? -1 : 1));
    for (const publication of inOrder) text = addToLog(text, publication, name);
    if (inOrder.length > 0) await writeDurable(name, text);
    return inOrder.map(({ path }) => path);
  });
}

/** Every result below a folder, its digest and its evidence checked, by path. */
async function readPublications(folder: string): Promise<Publication[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error) => {
    throw fileError('read', folder, error);
  });
  const files = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return Promise.all(files.map((file) => readPublication(folder, file)));
}

async function readPublication(folder: string, file: string): Promise<Publication> {
  const path = relative(folder, file).split(sep).join('/');
  const isExternal = path.startsWith('external/');
  const result = await (isExternal ? readExternalResult(file) : readResult(file));
  const identity = identityOf(result);
  if (identity !== path) {
    throw new ParapetError('integrity', `${file}: the content says ${identity}`, 'do not rename results');
  }
  await readEvidence(file, result);
  return publicationOf(await readFile(file), path);
}

/**
 * What is wrong with a result as a published one, by the log of the folder that it lies in.
 * @param path of the result
 * @returns null when nothing is; undefined for a result that lies in no folder of published ones
 */
export async function checkPublication(
  path: string,
  result: Result | ExternalResult,
): Promise<string | null | undefined> {
  const file = resolve(path);
  const folder = dirname(dirname(dirname(file)));
  if (basename(folder) !== 'results') return undefined;
  const here = relative(folder, file).split(sep).join('/');
  const identity = identityOf(result);
  if (here !== identity) return `the result lies at ${here}, and its content says ${identity}`;
  try {
    const log = await readLog(folder);
    const publication = { path: identity, digest: result.digest, date: result.run.date };
    return checkPublished(log, publication, join(folder, logName));
  } catch (error) {
    if (error instanceof ParapetError) return error.message;
    throw error;
  }
}

/**
 * @param remembered SHA-256 of a line of the log, as somebody noted it down
 * @throws ParapetError 'integrity' when the log has no such line: it was rolled back, or begun anew
 */
export function requireLine(log: Log, remembered: string, folder: string): void {
  if (lineWith(log, remembered) >= 0) return;
  throw new ParapetError(
    'integrity',
    `${join(folder, logName)}: no line of its ${log.lines.length} has the SHA-256 ${remembered}: it was rolled back or rewritten`,
    'compare it with its history in git, or with the log of the site',
  );
}
