import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ParapetError } from '#core/errors.ts';
import { type ExternalEvaluation, externalKind, kindOf, parseExternal } from '#core/external-evaluation.ts';
import type { Submission } from '#core/submission.ts';
import { type Mistake, parseManifest } from '#core/submission-mistakes.ts';

const MOST_BYTES = 100_000;

/** What a folder of submissions/ declares: a defense, or an external evaluation of one. */
export type Declared = { readonly submission: Submission } | { readonly evaluation: ExternalEvaluation };

/**
 * Reads what a submission declares about itself.
 *
 * @param folder the folder of all submissions
 * @param id name of its folder
 * @throws ParapetError 'submission' that names the file
 */
export async function readDeclared(folder: string, id: string): Promise<Declared> {
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
  const parsed = kindOf(yaml) === externalKind ? evaluationOf(yaml) : parseManifest(yaml);
  if ('mistakes' in parsed) {
    return refuse(parsed.mistakes.map(({ path, message }) => `${path.join('.') || 'it'} ${message}`).join('; '));
  }
  const declared = 'evaluation' in parsed ? parsed.evaluation : parsed.submission;
  if (declared.id !== id) refuse(`id is '${declared.id}'; wanted '${id}', the name of its folder`);
  return parsed;
}

function evaluationOf(yaml: unknown): { evaluation: ExternalEvaluation } | { mistakes: readonly Mistake[] } {
  const parsed = parseExternal(yaml);
  return 'mistakes' in parsed ? parsed : { evaluation: parsed.data };
}
