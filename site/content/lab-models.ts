/** At build time: which submissions the lab can attack, and the bytes of their weights. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '#core/digest.ts';
import { ParapetError } from '#core/errors.ts';
import { findArchitecture } from '#core/models/index.ts';
import type { Result } from '#core/result.ts';
import type { Submission } from '#core/submission.ts';
import { tracks } from '#core/tracks.ts';
import { link } from '../components/link.ts';
import { type ModelEntry, SIDE } from '../lab/catalogue.ts';
import { allResults, allSubmissions } from './catalogue.ts';
import { submissionsFolder } from './folders.ts';

/** The lab's digits fit these. */
function takesDigits({ datasets, model }: Submission): boolean {
  return datasets.includes('mnist') && findArchitecture(model.architecture).inputShape.join() === `${SIDE},${SIDE},1`;
}

/**
 * @param folder the submission's own
 * @returns its weights; null when it has none of its own
 * @throws ParapetError 'integrity' when they are not those that it declares
 */
async function weightsOf({ id, model }: Submission): Promise<Uint8Array | null> {
  if (model.file === undefined) return null;
  const weights = await readFile(join(submissionsFolder, id, model.file));
  const found = sha256(weights);
  if (model.sha256 !== undefined && model.sha256 !== found) {
    throw new ParapetError(
      'integrity',
      `submissions/${id}: model.sha256 is ${model.sha256}, but ${model.file} has ${found}`,
    );
  }
  return weights;
}

/** Address of the row of a submission: on the first track that it has a result for. */
function rowOf(id: string, results: readonly Result[]): string | null {
  const track = tracks.find((candidate) =>
    results.some((result) => result.submission.id === id && result.track === candidate.id),
  );
  return track === undefined ? null : link(`/${track.id}/${id}/`);
}

function withdrawalOf({ date, reason }: NonNullable<Submission['withdrawn']>): string {
  return `Withdrawn on ${date}: ${reason}${reason.endsWith('.') ? '' : '.'}`;
}

export interface LabModel extends ModelEntry {
  readonly weights: Uint8Array;
}

/** Every model that the lab can attack: the undefended one first, then by name. */
export async function labModels(): Promise<LabModel[]> {
  const models: LabModel[] = [];
  const results = await allResults();
  for (const submission of (await allSubmissions()).values()) {
    if (!takesDigits(submission)) continue;
    const weights = await weightsOf(submission);
    if (weights === null) continue;
    const { id, name, description, model, withdrawn } = submission;
    models.push({
      ...{ id, name, description, architecture: model.architecture },
      href: link(`/lab/weights/${id}.safetensors`),
      bytes: weights.length,
      sha256: sha256(weights),
      row: rowOf(id, results),
      withdrawn: withdrawn === undefined ? null : withdrawalOf(withdrawn),
      weights,
    });
  }
  const place = ({ id }: LabModel) => (id === 'Undefended' ? 0 : 1);
  return models.sort((a, b) => place(a) - place(b) || a.name.localeCompare(b.name, 'en'));
}
