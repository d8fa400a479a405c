import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ParapetError } from '#core/errors.ts';
import { decodeWeights, findArchitecture, parameterCount } from '#core/models/index.ts';
import type { Submission } from '#core/submission.ts';
import { fileError } from './file-error.ts';
import { placeholderAuthor } from './submission-template.ts';
import { manifestName, readSubmission } from './submissions.ts';

/** What a submission is, as far as it can be told without evaluating it. */
export interface CheckedSubmission {
  readonly kind: 'defense';
  readonly id: string;
  readonly name: string;
  readonly digest: string;
  readonly dataset: string;
  readonly architecture: string;
  readonly parameters: number;
  /** Length of the weights; null when only a recipe is there. */
  readonly modelBytes: number | null;
  /** What is allowed but probably not meant. */
  readonly warnings: readonly string[];
}

/** Besides these two, a folder holds the weights and nothing else. */
const welcome = /^(README\.md|LICEN[CS]E(\.(txt|md))?)$/;

/**
 * Checks all that can be checked in seconds: the manifest, what it names, the weights, and the rest of the folder.
 * @throws ParapetError 'submission' for whatever would keep it from being evaluated; 'usage' when there is no such folder
 */
export async function checkSubmission(path: string): Promise<CheckedSubmission> {
  const { submission, folder, digest, model } = await readSubmission(path);
  const architecture = findArchitecture(submission.model.architecture);
  if (model !== null) decodeWeights(architecture, model);
  await refuseTwin(folder);
  return {
    kind: 'defense',
    id: submission.id,
    name: submission.name,
    digest,
    dataset: submission.datasets[0] ?? '',
    architecture: architecture.id,
    parameters: parameterCount(architecture),
    modelBytes: model?.length ?? null,
    warnings: [...warningsOf(submission, path), ...(await strangers(folder, submission.model.file))],
  };
}

function warningsOf(submission: Submission, path: string): string[] {
  const { model, recipe, withdrawn } = submission;
  const warnings = commonWarnings(submission);
  if (withdrawn !== undefined) {
    warnings.push(`withdrawn: since ${withdrawn.date} its row is struck out and has no rank; its results stay`);
  }
  if (model.file === undefined && recipe !== undefined) {
    warnings.push(`there are no weights yet: npm run -s parapet -- train ${path}`);
  }
  return warnings;
}

/** What goes for a defense and for an external evaluation. */
export function commonWarnings({ id, authors, licence }: Pick<Submission, 'id' | 'authors' | 'licence'>): string[] {
  const warnings: string[] = [];
  if (authors.includes(placeholderAuthor)) warnings.push(`authors: '${placeholderAuthor}' is what new wrote for ${id}`);
  if (!/^[A-Za-z0-9.+() -]+$/.test(licence)) {
    warnings.push(`licence: '${licence}' is no SPDX identifier, such as MIT, Apache-2.0 or CC0-1.0`);
  }
  return warnings;
}

/**
 * Files that no reader of ours looks at, and folders and links, which have no place in a submission.
 * @param named the file that its manifest names
 */
export async function strangers(folder: string, named: string | undefined): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error) => {
    throw fileError('read', folder, error);
  });
  const warnings: string[] = [];
  for (const entry of entries) {
    if (!entry.isFile()) {
      throw new ParapetError(
        'submission',
        `${join(folder, entry.name)} is a ${entry.isDirectory() ? 'folder' : 'link or a device'}; wanted plain files only`,
        'move it out of the submission',
      );
    }
    if (entry.name !== manifestName && entry.name !== named && !welcome.test(entry.name)) {
      warnings.push(`${entry.name} is not used; submission.yaml does not name it`);
    }
  }
  return warnings;
}

/** Two ids that differ only in case are one folder on many disks, and one name to a reader. */
export async function refuseTwin(folder: string): Promise<void> {
  const id = basename(folder);
  const others = await readdir(dirname(folder)).catch(() => []);
  const twin = others.find((other) => other !== id && other.toLowerCase() === id.toLowerCase());
  if (twin !== undefined) {
    throw new ParapetError('submission', `id: '${id}' differs from '${twin}' only in case`, 'choose another id');
  }
}
