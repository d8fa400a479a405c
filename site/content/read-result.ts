import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ParapetError } from '#core/errors.ts';
import { certificateMistake } from '#core/evidence/certified.ts';
import type { Result } from '#core/result.ts';
import { parseResult } from '#core/result-text.ts';

const MOST_BYTES = 20_000_000;

/** Reads one published result of a defense; see `readPublished`. @param path `<suite>/<track>/<id>.json` below the folder */
export function readResult(folder: string, path: string): Promise<Result> {
  return readPublished(folder, path, {
    parse: parseResult,
    idOf: ({ submission }) => submission.id,
    placeOf: ({ suite, track }) => `${suite.id}/${track}`,
    mistakeOf: certificateMistake,
  });
}

/** What tells the kinds of published results apart. */
interface Kind<T> {
  readonly parse: (bytes: Uint8Array, name: string) => T;
  /** What its files are named after. */
  readonly idOf: (result: T) => string;
  /** The folder that it lies in, below that of all results. */
  readonly placeOf: (result: T) => string;
  /** What its evidence says against it; null when nothing does. */
  readonly mistakeOf?: (result: T, evidence: Uint8Array) => string | null;
}

/** What every published result has. */
interface Published {
  readonly evidence: { readonly file: string; readonly digest: string };
}

/**
 * Reads one published result and refuses it unless it is what its path, its digest and its evidence say.
 *
 * @param folder the folder of all results
 * @param path of the result below it, with forward slashes
 * @throws ParapetError 'integrity' that names the file
 */
export async function readPublished<T extends Published>(folder: string, path: string, kind: Kind<T>): Promise<T> {
  const file = join(folder, path);
  const refuse = (what: string, hint: string): never => {
    throw new ParapetError('integrity', `results/${path}: ${what}`, hint);
  };
  if ((await stat(file)).size > MOST_BYTES) refuse(`more than ${MOST_BYTES} bytes`, 'a result is a few kilobytes');
  const result = kind.parse(await readFile(file), `results/${path}`);
  const id = kind.idOf(result);
  const identity = `${kind.placeOf(result)}/${id}.json`;
  if (identity !== path)
    refuse(`the content says ${identity}`, 'the path is the identity of a result: do not rename files');
  const evidence = join(dirname(file), basename(result.evidence.file));
  if (result.evidence.file !== `${id}.examples.safetensors`) {
    refuse(`evidence.file is '${result.evidence.file}'`, `the evidence lies beside it, as ${id}.examples.safetensors`);
  }
  if (!existsSync(evidence)) refuse('its evidence is missing', `publish ${result.evidence.file} with it`);
  const bytes = await readFile(evidence);
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== result.evidence.digest) {
    refuse(
      `evidence.digest is ${result.evidence.digest}, but the file has ${found}`,
      'publish result and evidence of one run',
    );
  }
  const mistake = kind.mistakeOf?.(result, bytes) ?? null;
  if (mistake !== null) refuse(mistake, 'evaluate it again, and report this');
  return result;
}
