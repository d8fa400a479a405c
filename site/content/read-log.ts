import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { ParapetError } from '#core/errors.ts';
import { checkAllPublished, lineWith, logName, parseLog, publicationOf } from '#core/publication-log.ts';

const name = `results/${logName}`;

/** Text of the log of publications; empty where there is none. */
export async function logText(folder: string): Promise<string> {
  const file = join(folder, logName);
  return existsSync(file) ? readFile(file, 'utf8') : '';
}

/**
 * Refuses results that are not, each, the last that the log says was published at their path.
 *
 * @param folder the folder of all results
 * @param remembered SHA-256 of a line that the log must still hold; none when absent
 * @throws ParapetError 'integrity' that names the file and the line
 */
export async function checkLog(folder: string, remembered?: string): Promise<void> {
  const log = parseLog(await logText(folder), name);
  const problems = checkAllPublished(log, await publications(folder), name);
  if (problems.length > 0) {
    throw new ParapetError(
      'integrity',
      problems.map((problem) => problem.replace(/^(?!results\/)/, 'results/')).join('; '),
      'restore what was published from git; what came by another way than --publish: `log --add`',
    );
  }
  if (remembered === undefined || lineWith(log, remembered) >= 0) return;
  throw new ParapetError(
    'integrity',
    `${name}: no line has the SHA-256 ${remembered}: it was rolled back or rewritten`,
    'compare it with its history in git',
  );
}

async function publications(folder: string) {
  if (!existsSync(folder)) return [];
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.json'));
  const paths = files.map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/')).sort();
  return Promise.all(paths.map(async (path) => publicationOf(await readFile(join(folder, path)), path)));
}
