import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ParapetError } from '#core/errors.ts';
import type { Result } from '#core/result.ts';
import { parseResult } from '#core/result-text.ts';

const MOST_BYTES = 20_000_000;

/**
 * Reads one published result and refuses it unless it is what its path, its digest and its evidence say.
 *
 * @param folder the folder of all results
 * @param path `<suite>/<track>/<id>.json` below it, with forward slashes
 * @throws ParapetError 'integrity' that names the file
 */
export async function readResult(folder: string, path: string): Promise<Result> {
  const file = join(folder, path);
  const refuse = (what: string, hint: string): never => {
    throw new ParapetError('integrity', `results/${path}: ${what}`, hint);
  };
  if ((await stat(file)).size > MOST_BYTES) refuse(`more than ${MOST_BYTES} bytes`, 'a result is a few kilobytes');
  const result = parseResult(await readFile(file), `results/${path}`);
  const identity = `${result.suite.id}/${result.track}/${result.submission.id}.json`;
  if (identity !== path)
    refuse(`the content says ${identity}`, 'the path is the identity of a result: do not rename files');
  const evidence = join(dirname(file), basename(result.evidence.file));
  if (result.evidence.file !== `${result.submission.id}.examples.safetensors`) {
    refuse(
      `evidence.file is '${result.evidence.file}'`,
      `the evidence lies beside it, as ${result.submission.id}.examples.safetensors`,
    );
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
