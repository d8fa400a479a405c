import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ParapetError } from '#core/errors.ts';
import type { InspectOutcome } from '#core/evaluation/tasks.ts';
import { findArchitecture, parameterCount } from '#core/models/index.ts';
import type { SentSubmission } from '#core/models/sent-model.ts';
import { decodeWeights } from '#core/models/weights.ts';
import { modelsOf, type Submission } from '#core/submission.ts';
import { architectureOf } from '#core/submission-architecture.ts';
import { fileError } from './file-error.ts';
import { placeholderAuthor } from './submission-template.ts';
import { manifestName, type ReadSubmission, readSubmission } from './submissions.ts';

/** What a submission is, as far as it can be told without evaluating it. */
export interface CheckedSubmission {
  readonly kind: 'defense';
  readonly id: string;
  readonly name: string;
  readonly digest: string;
  readonly dataset: string;
  /** Of the nets, in words where they are several or graphs. */
  readonly architecture: string;
  /** How many numbers the nets have learned; null where that is not known of a graph. */
  readonly parameters: number | null;
  /** Length of the weights; null when only a recipe is there. */
  readonly modelBytes: number | null;
  /** What was decided about its files that they do not say. */
  readonly notes: readonly string[];
  /** What is allowed but probably not meant. */
  readonly warnings: readonly string[];
}

/** Opens nets in a worker process, where bytes of strangers belong. */
export type Inspect = (sent: SentSubmission, digest: string) => Promise<InspectOutcome>;

/** Besides these two, a folder holds the weights and nothing else. */
const welcome = /^(README\.md|LICEN[CS]E(\.(txt|md))?)$/;

/**
 * Checks all that can be checked in seconds: the manifest, what it names, the files, and the rest of the folder.
 * @param inspect is asked where only an opened net can tell: graphs, nets with a reference, and files of defenses
 * @throws ParapetError 'submission' for whatever would keep it from being evaluated; 'usage' when there is no such folder
 */
export async function checkSubmission(path: string, inspect: Inspect): Promise<CheckedSubmission> {
  const read = await readSubmission(path);
  const { submission, folder, digest, sent } = read;
  const models = modelsOf(submission);
  await refuseTwin(folder);
  const unused = await strangers(folder, Object.keys(sent?.submission.files ?? {}));
  for (const model of models) {
    const weights = sent?.submission.files[model.file ?? ''];
    if (model.format === 'safetensors' && weights) decodeWeights(findArchitecture(model.architecture), weights);
  }
  const isTold =
    models.every(({ format, reference }) => format === 'safetensors' && reference === undefined) &&
    submission.defenses.every(({ file }) => file === undefined);
  const notes = sent === null || isTold ? [] : await inspected(read, sent, inspect);
  const counts = models.map((model) =>
    model.format === 'safetensors' ? parameterCount(findArchitecture(model.architecture)) : Number.NaN,
  );
  const parameters = counts.reduce((sum, count) => sum + count, 0);
  return {
    kind: 'defense',
    id: submission.id,
    name: submission.name,
    digest,
    dataset: submission.datasets[0] ?? '',
    architecture: architectureOf(submission),
    parameters: Number.isNaN(parameters) ? null : parameters,
    modelBytes: sent === null ? null : Object.values(sent.submission.files).reduce((sum, file) => sum + file.length, 0),
    notes,
    warnings: [...warningsOf(submission, path), ...unused],
  };
}

/** What an opened net is found to be; a mistake of one that submission.yaml describes is put where it stands there. */
async function inspected({ place, digest }: ReadSubmission, sent: SentSubmission, inspect: Inspect) {
  try {
    return (await inspect(sent, digest)).notes;
  } catch (error) {
    const [, field, message] =
      (error instanceof ParapetError && /^((?:models?|defenses)(?:\.\w+)*): (.*)$/s.exec(error.message)) || [];
    if (!(error instanceof ParapetError) || field === undefined || message === undefined) throw error;
    const path = field.split('.').map((step) => (/^\d+$/.test(step) ? Number(step) : step));
    throw new ParapetError(error.kind, place({ path, message }), error.hint);
  }
}

function warningsOf(submission: Submission, path: string): string[] {
  const { withdrawn } = submission;
  const warnings = commonWarnings(submission);
  if (withdrawn !== undefined) {
    warnings.push(`withdrawn: since ${withdrawn.date} its row is struck out and has no rank; its results stay`);
  }
  if (modelsOf(submission).some(({ file }) => file === undefined)) {
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
 * @param named the files that its manifest names
 */
export async function strangers(folder: string, named: readonly string[]): Promise<string[]> {
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
    if (entry.name !== manifestName && !named.includes(entry.name) && !welcome.test(entry.name)) {
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
