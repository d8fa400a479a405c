import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ParapetError } from '#core/errors.ts';
import type { Submission } from '#core/submission.ts';
import { parseManifest } from '#core/submission-mistakes.ts';

const MOST_BYTES = 100_000;

/**
 * Reads what a submission declares about itself.
 *
 * @param folder the folder of all submissions
 * @param id name of its folder
 * @throws ParapetError 'submission' that names the file
 */
export async function readSubmission(folder: string, id: string): Promise<Submission> {
  const file = join(folder, id, 'submission.yaml');
  const refuse = (what: string): never => {
    throw new ParapetError('submission', `submissions/${id}/submission.yaml: ${what}`, '`validate` says more');
  };
  if ((await stat(file)).size > MOST_BYTES) refuse(`more than ${MOST_BYTES} bytes`);
  let yaml: unknown;
  try {
    yaml = parse(await readFile(file, 'utf8'), { maxAliasCount: 0 });
  } catch (error) {
    refuse((error as Error).message);
  }
  const parsed = parseManifest(yaml);
  if ('mistakes' in parsed) {
    return refuse(parsed.mistakes.map(({ path, message }) => `${path.join('.') || 'it'} ${message}`).join('; '));
  }
  const { submission } = parsed;
  if (submission.id !== id) refuse(`id is '${submission.id}'; wanted '${id}', the name of its folder`);
  return submission;
}
