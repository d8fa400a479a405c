import { randomBytes } from 'node:crypto';
import { lstat, mkdir, rename, rm } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ParapetError } from '#core/errors.ts';
import { writeDurable } from './durable.ts';
import { fileError } from './file-error.ts';
import { submissionTemplate, type TemplateValues } from './submission-template.ts';
import { parseSubmission } from './submission-text.ts';
import { manifestName } from './submissions.ts';

const schema = fileURLToPath(new URL('../../docs/submission.schema.json', import.meta.url));

/**
 * Makes the folder of a new submission, whole or not at all.
 * @param parent folder of all submissions
 * @param files the files of its model, by name; they are copied
 * @returns path of the new folder
 * @throws ParapetError 'usage' when it is there already or the values are not valid, 'infrastructure' from the disk
 */
export async function createSubmission(
  parent: string,
  values: Omit<TemplateValues, 'schema'>,
  files: Readonly<Record<string, Uint8Array>> = {},
): Promise<string> {
  const folder = join(parent, values.id);
  const toSchema = relative(resolve(folder), schema).split(sep).join('/');
  const text = submissionTemplate({ ...values, schema: toSchema });
  try {
    parseSubmission(new TextEncoder().encode(text), values.id);
  } catch (error) {
    if (!(error instanceof ParapetError)) throw error;
    throw new ParapetError(
      'usage',
      error.message.replaceAll(/^.*?:\d+:\d+ /gm, ''),
      'parapet new --help explains the options',
    );
  }
  if ((await lstat(folder).catch(() => null)) !== null) {
    throw new ParapetError('usage', `${folder}: is there already`, 'choose another id, or remove that folder first');
  }
  const draft = join(parent, `.${values.id}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    await mkdir(parent, { recursive: true });
    await writeDurable(join(draft, manifestName), text);
    for (const [name, bytes] of Object.entries(files)) await writeDurable(join(draft, name), bytes);
    await rename(draft, folder);
  } catch (error) {
    throw fileError('make', folder, error);
  } finally {
    await rm(draft, { recursive: true, force: true }).catch(() => undefined);
  }
  return folder;
}
