import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { z } from 'zod';
import { ParapetError } from '#core/errors.ts';
import { type Result, resultDigest, resultSchema } from '#core/result.ts';

const MOST_BYTES = 20_000_000;

/** Reads one published result of a defense; see `readPublished`. @param path `<suite>/<track>/<id>.json` below the folder */
export function readResult(folder: string, path: string): Promise<Result> {
  return readPublished(folder, path, {
    schema: resultSchema,
    digest: resultDigest,
    idOf: ({ submission }) => submission.id,
    placeOf: ({ suite, track }) => `${suite.id}/${track}`,
  });
}

/** What a kind of published results has in common with the others. */
interface Kind<T> {
  readonly schema: z.ZodType<T>;
  readonly digest: (result: T) => string;
  /** What its files are named after. */
  readonly idOf: (result: T) => string;
  /** The folder that it lies in, below that of all results. */
  readonly placeOf: (result: T) => string;
}

/** What every published result has. */
interface Published {
  readonly digest: string;
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
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    refuse(`not JSON: ${(error as Error).message}`, 'write it anew with `evaluate --publish`');
  }
  const version = (json as { schemaVersion?: unknown } | null)?.schemaVersion;
  if (typeof version === 'number' && version > 1) {
    refuse(`schemaVersion is ${version}; this site reads 1`, 'update the site');
  }
  const parsed = kind.schema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refuse(
      `${issue?.path.join('.') || 'the whole'}: ${issue?.message}`,
      'write it anew with `evaluate --publish`',
    );
  }
  const result = parsed.data;
  const id = kind.idOf(result);
  const identity = `${kind.placeOf(result)}/${id}.json`;
  if (identity !== path)
    refuse(`the content says ${identity}`, 'the path is the identity of a result: do not rename files');
  const digest = kind.digest(result);
  if (digest !== result.digest) {
    refuse(
      `digest is ${result.digest}, but the content has ${digest}`,
      'a published result is never edited: evaluate again',
    );
  }
  const evidence = join(dirname(file), basename(result.evidence.file));
  if (result.evidence.file !== `${id}.examples.safetensors`) {
    refuse(`evidence.file is '${result.evidence.file}'`, `the evidence lies beside it, as ${id}.examples.safetensors`);
  }
  if (!existsSync(evidence)) refuse('its evidence is missing', `publish ${result.evidence.file} with it`);
  const found = createHash('sha256')
    .update(await readFile(evidence))
    .digest('hex');
  if (found !== result.evidence.digest) {
    refuse(
      `evidence.digest is ${result.evidence.digest}, but the file has ${found}`,
      'publish result and evidence of one run',
    );
  }
  return result;
}
