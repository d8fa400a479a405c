/** The files of a submission: which they are, and whether they are those that it declares. The same for the runner and the site. */
import { findDataset } from '../datasets/index.ts';
import { ParapetError } from '../errors.ts';
import { modelsOf, type Submission } from '../submission.ts';
import type { Mistake } from '../submission-mistakes.ts';
import type { Model } from '../submission-models.ts';
import { foreignKind } from './foreign-files.ts';
import type { SentSubmission } from './sent-model.ts';
import { listingOf } from './tfjs/file.ts';

/** Where files come from. */
export interface FileSource {
  /** @throws ParapetError 'submission' for a file that is not there, or is none */
  read(name: string): Promise<Uint8Array>;
  /** SHA-256 over bytes one part after the other, in hexadecimal. */
  sha256(parts: readonly Uint8Array[]): string;
}

interface FileMistake extends Mistake {
  readonly hint?: string | undefined;
}

export interface SubmittedFiles {
  /** By name. */
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** Every file that is missing, of another kind or altered. */
  readonly mistakes: readonly FileMistake[];
}

/** Reads all files that the nets of a submission are made of and compared with, and those of its defenses. */
export async function submittedFiles(submission: Submission, source: FileSource): Promise<SubmittedFiles> {
  const files = new Map<string, Uint8Array>();
  const mistakes: FileMistake[] = [];
  for (const [i, model] of modelsOf(submission).entries()) {
    const path = submission.model === undefined ? ['models', i] : ['model'];
    const { file, reference } = model;
    if (file !== undefined) await attempt([...path, 'file'], () => readModel(model, file, path));
    if (reference !== undefined) {
      const at = [...path, 'reference'];
      await attempt([...at, 'file'], () => readOne(reference.file, reference.sha256, at));
    }
  }
  for (const [i, { file, sha256 }] of submission.defenses.entries()) {
    const path = ['defenses', i];
    if (file !== undefined) await attempt([...path, 'file'], () => readOne(file, sha256, path));
  }
  return { files: Object.fromEntries(files), mistakes };

  async function attempt(path: readonly PropertyKey[], body: () => Promise<void>): Promise<void> {
    await body().catch((error: unknown) => {
      if (!(error instanceof ParapetError) || error.kind !== 'submission') throw error;
      mistakes.push({ path, message: error.message, hint: error.hint });
    });
  }

  async function read(name: string): Promise<Uint8Array> {
    const bytes = files.get(name) ?? (await source.read(name));
    files.set(name, bytes);
    return bytes;
  }

  async function readOne(name: string, declared: string | undefined, path: readonly PropertyKey[]): Promise<void> {
    const bytes = await read(name);
    const kind = foreignKind(bytes);
    if (kind !== null) {
      throw new ParapetError(
        'submission',
        `${name} is ${kind}, and is not read`,
        'put the file itself there: safetensors, ONNX (torch.onnx.export(model.eval(), example, path, external_data=False)) or model.json',
      );
    }
    compare([...path, 'sha256'], declared, [bytes], name);
  }

  async function readModel(model: Model, file: string, path: readonly PropertyKey[]): Promise<void> {
    await readOne(file, model.sha256, path);
    if (model.format !== 'tfjs') return;
    const parts: Uint8Array[] = [];
    for (const name of listingOf(await read(file)).files) parts.push(await read(name));
    compare([...path, 'weightsSha256'], model.weightsSha256, parts, 'the weight files that it lists');
  }

  function compare(
    path: readonly PropertyKey[],
    declared: string | undefined,
    parts: readonly Uint8Array[],
    what: string,
  ): void {
    const found = source.sha256(parts);
    if (found === declared) return;
    const message = `is ${declared}, and ${what} ${parts.length === 1 ? 'has' : 'have'} ${found}`;
    mistakes.push({ path, message, hint: 'if the file is as you meant it, write its SHA-256; else restore the file' });
  }
}

/** @returns the nets of a submission to be opened; null for one that has no weights yet */
export function sentSubmission(submission: Submission, files: SubmittedFiles['files']): SentSubmission | null {
  const models = modelsOf(submission);
  if (models.some(({ file }) => file === undefined)) return null;
  return { submission: { form: formOf(submission), models, defenses: submission.defenses, files } };
}

/** What images of a submission's data set are, and how many classes they have: what all of its nets take and give. */
export function formOf({ datasets }: Pick<Submission, 'datasets'>): SentSubmission['submission']['form'] {
  const { shape, classNames } = findDataset(datasets[0] as string);
  return { inputShape: shape, classes: classNames.length };
}
